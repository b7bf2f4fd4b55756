/** Starts the collector that the environment describes. */
import 'reflect-metadata';
import { PinoLogger } from 'nestjs-pino';
import { errorCode } from '#libs/files';
import {
  diskProblem,
  exitConfig,
  LiveSettings,
  readSettings,
  readSettingsOrExit,
  secretFiles,
  SettingsError,
} from '#libs/settings';
import { createCollector } from './create-collector.js';
import { EXIT_BREACHED } from './exit-breached.js';
import { logEvent } from './log-events.js';
import { CollectorSettings } from './settings.js';

// A loop that dies ends the process: nothing is half alive.
for (const event of ['unhandledRejection', 'uncaughtException'] as const) {
  process.on(event, (error: unknown) => {
    logEvent('fatal', 'fatal', { err: error instanceof Error ? error : new Error(String(error)) });
    // Node refuses it so where the process is confined (confine.ts).
    process.exit(errorCode(error) === 'ERR_ACCESS_DENIED' ? EXIT_BREACHED : 1);
  });
}

const { settings, warnings, withoutEffect } = readSettingsOrExit(CollectorSettings, process.env);
const live = new LiveSettings(CollectorSettings, settings, process.env);
try {
  await createCollector(settings, {
    readAgain: () => readSettings(CollectorSettings, process.env).settings,
    refresh: () => {
      const refreshed = live.refresh();
      PinoLogger.root.level = settings.QRNG_LOG_LEVEL;
      return refreshed;
    },
    stateDirectory: settings.QRNG_STATE_DIR,
    files: [
      ...secretFiles(CollectorSettings, process.env),
      ...[
        settings.QRNG_APPLIANCE_CA_FILE,
        settings.QRNG_PUSH_CA_FILE,
        settings.QRNG_PUSH_CERT_FILE,
        settings.QRNG_PUSH_KEY_FILE,
      ],
    ].filter((path) => path !== undefined),
  });
} catch (error) {
  const problem = error instanceof SettingsError ? error : diskProblem('QRNG_STATE_DIR', error);
  if (problem !== undefined) exitConfig(problem, warnings);
  throw error;
}
for (const warning of warnings) logEvent('warn', 'unknown-setting', { warning });
for (const warning of withoutEffect) logEvent('warn', 'setting-without-effect', { warning });
