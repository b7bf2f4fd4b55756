/** The gateway's process. */
import 'reflect-metadata';
import { Logger } from 'nestjs-pino';
import { readSettingsOrExit } from '#libs/settings';
import { createGateway, listen } from './create-gateway.js';
import { GatewaySettings } from './settings.js';

const { settings, warnings } = readSettingsOrExit(GatewaySettings, process.env);
const app = await createGateway(settings);
const logger = app.get(Logger);
for (const warning of warnings) logger.warn({ event: 'unknown-setting' }, warning);
const url = await listen(app, settings);
logger.log({ event: 'listening', url }, `listening at ${url}`);
