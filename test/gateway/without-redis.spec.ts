/** What a gateway does not load. Needs `npm run build`. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { GatewayProcess } from '../support/gateway-process.js';

const HOOK = `import { registerHooks } from 'node:module';
  registerHooks({
    load(url, context, next) {
      console.log('loaded', url);
      return next(url, context);
    },
  });`;

test('a gateway without a Redis URL loads none of the 650 modules of its client', async () => {
  const hook = ['--import', `data:text/javascript,${encodeURIComponent(HOOK)}`];
  const gateway = await GatewayProcess.start({}, hook);
  await gateway.close();
  const urls = gateway.run.log.flatMap(({ line }) => /^loaded (file:.*)/.exec(String(line))?.[1] ?? []);
  // The build notes before each module where it is from.
  const code = urls.map((url) => readFileSync(new URL(url), 'utf8')).join('');
  expect(code).toContain('node_modules/fastify/');
  expect(code).not.toContain('node_modules/@redis/');
});
