/** Starts a gateway of several processes: this one is the head, which listens to nobody and answers its workers. */
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { findPort, openReceivers } from '../create-gateway.js';
import { GatewayMetrics } from '../metrics/gateway-metrics.js';
import { workersOf } from '../settings.js';
import type { GatewaySettings } from '../settings.js';
import { Desk } from './desk.js';
import { Fleet, FleetError } from './fleet.js';

/**
 * Starts the workers; returns the URL at which they listen. They stop before `app` does.
 *
 * @param app created, and not initialized yet.
 * @throws {SettingsError} when they cannot listen here.
 */
export async function startWorkers(
  app: NestFastifyApplication,
  settings: Readonly<GatewaySettings>,
): Promise<string> {
  const fleet = new Fleet(app.get(GatewayMetrics), await findPort(settings));
  const fastify = app.getHttpAdapter().getInstance();
  fastify.addHook('preClose', (done) => void fleet.stop().then(() => done()));
  await app.init();
  process.on('SIGHUP', () => fleet.reload());
  try {
    const url = await fleet.start(new Desk(app), workersOf(settings));
    await openReceivers(app, settings);
    return url;
  } catch (error) {
    if (!(error instanceof FleetError)) throw error;
    await app.close(); // the worker has said why
    process.exit(error.exitCode);
  }
}
