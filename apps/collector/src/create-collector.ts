/** Boots the collector: the ordered steps that start.ts and the tests share. */
import { NestFactory } from '@nestjs/core';
import type { INestApplicationContext } from '@nestjs/common';
import { Logger } from 'nestjs-pino';
import { syncDirectory } from '#libs/files';
import { EXIT_TEMPORARY, lockDirectory, SettingsError } from '#libs/settings';
import { VERSION } from '#libs/version';
import { CollectorModule } from './collector.module.js';
import { DiodeService } from './diode/diode.service.js';
import { Carrier } from './push/carrier.js';
import { logEvent } from './log-events.js';
import { OperatorService } from './operator/operator.service.js';
import { Identity } from './push/identity.js';
import { PushScheduler } from './push/push.scheduler.js';
import { CLOCK_SKEW_MS } from './push/run-clock.js';
import { keepRenewed } from './push/renewal.js';
import type { Renewal } from './push/renewal.js';
import type { CollectorSettings } from './settings.js';
import { SourcesService } from './sources/sources.service.js';
import { nextBoot } from './state/boot.js';
import type { Boot } from './state/boot.js';
import { StateError } from './state/state-error.js';

/**
 * A collector that runs; `close()` flushes and ends it.
 *
 * @throws {SettingsError} when files or the state directory that the settings name are invalid.
 */
export async function createCollector(
  settings: Readonly<CollectorSettings>,
  renewal: Renewal,
): Promise<INestApplicationContext> {
  const { identity, ...last } = identify(settings);
  await syncDirectory(settings.QRNG_STATE_DIR); // the number of this run, before anything is sealed with it
  const app = await NestFactory.createApplicationContext(CollectorModule.forRoot(settings, identity), {
    logger: ['fatal', 'error', 'warn'], // until nestjs-pino takes over: not a line for each module
    abortOnError: false,
  });
  app.useLogger(app.get(Logger));
  app.enableShutdownHooks(['SIGTERM', 'SIGINT', 'SIGUSR2', 'SIGQUIT'], { useProcessExit: true });
  const { collector, boot, publicKey } = identity;
  if (last.behindMs > 0) logEvent('error', 'clock-behind', { ...last, boot: boot.toString() });
  logEvent('log', 'started', {
    ...{ version: VERSION, collector, boot: boot.toString(), keyId: identity.key.id },
    publicKey,
  });
  keepRenewed(identity, renewal);
  await app.get(Carrier).open();
  // Not in onApplicationBootstrap, which runs before the logger is in place.
  app.get(DiodeService).start();
  app.get(SourcesService).start();
  app.get(OperatorService).start();
  app.get(PushScheduler).start();
  return app;
}

function identify(settings: Readonly<CollectorSettings>): Omit<Boot, 'boot'> & { identity: Identity } {
  const folder = settings.QRNG_STATE_DIR;
  const lock = lockDirectory('QRNG_STATE_DIR', folder, 'state.lock');
  process.once('exit', () => lock.close());
  try {
    const { boot, ...last } = nextBoot(folder, Date.now(), CLOCK_SKEW_MS);
    return { identity: new Identity(settings, boot), ...last };
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    const code = error.isFull ? EXIT_TEMPORARY : undefined;
    throw new SettingsError([`QRNG_STATE_DIR must be usable: ${error.message}`], code);
  }
}
