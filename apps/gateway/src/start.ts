/** Starts the gateway that the environment describes, as one process, or as a head with its workers, or as one of these workers. */
import 'reflect-metadata';
import cluster from 'node:cluster';
import {
  diskProblem,
  exitConfig,
  isLoopback,
  LiveSettings,
  readSettings,
  readSettingsOrExit,
  secretFiles,
  SettingsError,
} from '#libs/settings';
import { VERSION } from '#libs/version';
import { parseListenAddress } from './addresses/listen-address.js';
import { createGateway, listen, STOP_SIGNALS } from './create-gateway.js';
import { logEvent } from './log-events.js';
import { FileWatcher } from './reload/file-watcher.js';
import { SettingsSource } from './settings-source.js';
import { GatewaySettings, workersOf } from './settings.js';
import { startWorkers } from './workers/start-workers.js';
import { channelToHead, portOf, reportTo } from './workers/worker.js';

const DIRECTORIES = 'QRNG_STATE_DIR and QRNG_AUDIT_DIR';

const { settings, warnings, withoutEffect } = readSettingsOrExit(GatewaySettings, process.env);
const source = new SettingsSource(
  secretFiles(GatewaySettings, process.env),
  (names) => readSettings(GatewaySettings, process.env, names).settings,
  new LiveSettings(GatewaySettings, settings, process.env),
);
const onError = (error: unknown): never => {
  if (error instanceof SettingsError) exitConfig(error, warnings);
  const problem = diskProblem(DIRECTORIES, error);
  if (problem !== undefined) exitConfig(problem, warnings);
  throw error;
};
const head = cluster.isWorker ? channelToHead() : undefined;
const app = await createGateway(settings, source, head).catch(onError);
process.on('SIGHUP', () => void app.get(FileWatcher).reload());
for (const signal of head === undefined ? STOP_SIGNALS : []) {
  process.once(signal, () => logEvent('log', 'stopping', { reason: signal }));
}
const workers = workersOf(settings);
const isHead = head === undefined && workers > 1;
const port = head === undefined ? undefined : await portOf(head);
const url = await (isHead ? startWorkers(app, settings) : listen(app, settings, port)).catch(onError);
if (head === undefined) logListening();
else reportTo(head, app, url);

function logListening(): void {
  for (const warning of warnings) logEvent('warn', 'unknown-setting', { warning });
  for (const warning of withoutEffect) logEvent('warn', 'setting-without-effect', { warning });
  if (
    settings.QRNG_TLS === 'off' &&
    !isLoopback(parseListenAddress(settings.QRNG_LISTEN_ADDRESS)?.host ?? '')
  ) {
    logEvent('warn', 'tls-off', { url });
  }
  logEvent('log', 'listening', { version: VERSION, url, ...(isHead ? { workers } : {}) });
}
