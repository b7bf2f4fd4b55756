/** Starts the gateway that the environment describes. */
import 'reflect-metadata';
import {
  exitConfig,
  isLoopback,
  readSettings,
  readSettingsOrExit,
  secretFiles,
  SettingsError,
} from '#libs/settings';
import { VERSION } from '#libs/version';
import { createGateway, listen } from './create-gateway.js';
import { logEvent } from './log-events.js';
import { FileWatcher } from './reload/file-watcher.js';
import { SettingsSource } from './settings-source.js';
import { GatewaySettings, parseListenAddress } from './settings.js';

const { settings, warnings } = readSettingsOrExit(GatewaySettings, process.env);
const source = new SettingsSource(
  secretFiles(GatewaySettings, process.env),
  (names) => readSettings(GatewaySettings, process.env, names).settings,
);
const onError = (error: unknown): never => {
  if (error instanceof SettingsError) exitConfig(error, warnings);
  throw error;
};
const app = await createGateway(settings, source).catch(onError);
process.on('SIGHUP', () => void app.get(FileWatcher).reload());
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => logEvent('log', 'stopping', { reason: signal }));
}
const url = await listen(app, settings).catch(onError);
for (const warning of warnings) logEvent('warn', 'unknown-setting', { warning });
if (
  settings.QRNG_TLS === 'off' &&
  !isLoopback(parseListenAddress(settings.QRNG_LISTEN_ADDRESS)?.host ?? '')
) {
  logEvent('warn', 'tls-off', { url });
}
logEvent('log', 'listening', { version: VERSION, url });
