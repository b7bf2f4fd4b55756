/** Starts the gateway that the environment describes. */
import 'reflect-metadata';
import { PinoLogger } from 'nestjs-pino';
import { exitConfig, readSettings, readSettingsOrExit, secretFiles, SettingsError } from '#libs/settings';
import { createGateway, listen } from './create-gateway.js';
import { FileWatcher } from './reload/file-watcher.js';
import { SettingsSource } from './reload/settings-source.js';
import { GatewaySettings } from './settings.js';

const { settings, warnings } = readSettingsOrExit(GatewaySettings, process.env);
const source = new SettingsSource(
  secretFiles(GatewaySettings, process.env),
  () => readSettings(GatewaySettings, process.env).settings,
);
const onError = (error: unknown): never => {
  if (error instanceof SettingsError) exitConfig(error, warnings);
  throw error;
};
const app = await createGateway(settings, source).catch(onError);
process.on('SIGHUP', () => void app.get(FileWatcher).reload());
const url = await listen(app, settings).catch(onError);
const logger = await app.resolve(PinoLogger);
for (const warning of warnings) logger.warn({ event: 'unknown-setting' }, warning);
logger.info({ event: 'listening', url }, `listening at ${url}`);
