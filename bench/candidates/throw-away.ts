/** The gateway itself, but for one thing: it answers every push with 204 once the body is there, and looks at none. */
import 'reflect-metadata';
import { createGateway, listen } from '../../apps/gateway/src/create-gateway.js';
import { GatewaySettings } from '../../apps/gateway/src/settings.js';
import { readSettingsOrExit } from '#libs/settings';

const { settings } = readSettingsOrExit(GatewaySettings, process.env);
const app = await createGateway(settings);
app
  .getHttpAdapter()
  .getInstance()
  .addHook('preHandler', (request, reply, done) => {
    if (request.routeOptions.url === '/push') void reply.code(204).send();
    else done();
  });
await listen(app, settings);
