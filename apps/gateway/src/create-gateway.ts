/** Boots the gateway: the ordered steps that start.ts and the tests share. */
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { errorCode } from '#libs/files';
import { EXIT_TEMPORARY, SettingsError } from '#libs/settings';
import { parseListenAddress } from './addresses/listen-address.js';
import type { ListenAddress } from './addresses/listen-address.js';
import { BOUNDS } from './bounds.js';
import { FrameworkLogger } from './framework-logger.js';
import { GatewayModule } from './gateway.module.js';
import { answerConnect } from './http/connect-method.js';
import { addCors } from './http/cors.js';
import { addRequestHooks } from './http/request-hooks.js';
import { boundConnections, ignoreExpectations, serverOptions } from './http/server-options.js';
import { passBody } from './api/request/request-body.js';
import { addSwagger } from './docs/swagger.js';
import { GatewayMetrics } from './metrics/gateway-metrics.js';
import type { Channel } from './link/channel.js';
import { McpService } from './mcp/mcp.service.js';
import { Receivers } from './receive/receivers.service.js';
import { readPacketBody } from './push/packet-body.js';
import { SettingsSource } from './settings-source.js';
import type { GatewaySettings } from './settings.js';

/** What an address to listen at fails with that is none of this machine, or not allowed; and transient errors. */
const UNUSABLE = ['ENOTFOUND', 'EADDRNOTAVAIL', 'EACCES'];
const UNUSABLE_NOW = ['EADDRINUSE', 'EAI_AGAIN'];

/** End the gateway in order; the collector's are the same. Without its handler a signal ends the process as kill -9 does. */
export const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGUSR2', 'SIGQUIT'] as const;

/**
 * A gateway that is ready to listen.
 *
 * @param source where secrets are read again; without it they stay as they are.
 * @param head in a worker: the process whose pool it serves from.
 */
export async function createGateway(
  settings: Readonly<GatewaySettings>,
  source = new SettingsSource([], () => settings),
  head?: Channel,
): Promise<NestFastifyApplication> {
  let countEarly: (status: number) => void = () => undefined; // nothing is answered before the gateway listens
  const adapter = new FastifyAdapter(serverOptions(settings, (status) => countEarly(status)));
  const module = GatewayModule.forRoot(settings, source, head);
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    logger: new FrameworkLogger(settings.QRNG_LOG_LEVEL),
    bodyParser: false,
    abortOnError: false,
  });
  app.enableShutdownHooks([...STOP_SIGNALS], { useProcessExit: true });
  const fastify = adapter.getInstance();
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/octet-stream', readPacketBody); // of pushes alone (request-hooks.ts)
  fastify.addContentTypeParser('*', passBody);
  addCors(app, settings.QRNG_CORS_ORIGINS ?? []);
  addRequestHooks(app);
  const { requestDuration } = app.get(GatewayMetrics);
  countEarly = (status) => requestDuration.observe({ route: 'unmatched', method: 'other', status }, 0);
  const openApi = addSwagger(app);
  app.get(McpService, { strict: false }).describeBy(() => openApi().components?.schemas ?? {});
  boundConnections(app);
  ignoreExpectations(app.getHttpServer());
  answerConnect(app.getHttpServer());
  return app;
}

/**
 * Listens where the settings say; returns the URL, which names the port that was chosen for port 0.
 *
 * @param workersPort in a worker: the port that it shares with others. One-way inputs are the head's then.
 * @throws {SettingsError} when that is not possible here.
 */
export async function listen(
  app: NestFastifyApplication,
  settings: Readonly<GatewaySettings>,
  workersPort?: number,
): Promise<string> {
  // Several gateways on one machine may share a port, if they also share the pool; the kernel spreads connections.
  const reusePort = settings.QRNG_REDIS_URL !== undefined || workersPort !== undefined;
  await usingAddress(settings, async ({ host, port }) => {
    const options = { host, port: workersPort ?? port, reusePort, backlog: BOUNDS.backlog };
    await app.listen(options);
    if (workersPort === undefined) await openReceivers(app, settings);
  });
  return urlOf(app, settings);
}

/** With the address that it listens at, which Nest's own getUrl() replaces by 127.0.0.1 where that is every address. */
function urlOf(app: NestFastifyApplication, settings: Readonly<GatewaySettings>): string {
  const { address, family, port } = app.getHttpServer().address() as AddressInfo;
  const host = family === 'IPv6' ? `[${address}]` : address;
  return `${settings.QRNG_TLS === 'on' ? 'https' : 'http'}://${host}:${port}`;
}

/**
 * A port for workers to share, which nobody else listens at: one that shares its port too would get a part of the connections.
 *
 * @throws {SettingsError} when there is none here.
 */
export async function findPort(settings: Readonly<GatewaySettings>): Promise<number> {
  const server = createServer();
  await usingAddress(settings, async (address) => {
    server.listen(address);
    await once(server, 'listening');
  });
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Calls `use` with the address of the settings, and says so where it cannot be used. */
async function usingAddress(
  settings: Readonly<GatewaySettings>,
  use: (address: ListenAddress) => Promise<void>,
): Promise<void> {
  const address = parseListenAddress(settings.QRNG_LISTEN_ADDRESS);
  if (address === undefined) throw new RangeError('QRNG_LISTEN_ADDRESS was not checked');
  try {
    // One address of a name: for `localhost` Fastify would make a second server, which no reload reaches.
    const { address: host } = await lookup(address.host);
    await use({ host, port: address.port });
  } catch (error) {
    const code = errorCode(error);
    const problem = `QRNG_LISTEN_ADDRESS must be an address of this machine and a port that is free and allowed (${code})`;
    if (UNUSABLE.includes(code)) throw new SettingsError([problem]);
    if (UNUSABLE_NOW.includes(code)) throw new SettingsError([problem], EXIT_TEMPORARY);
    throw error;
  }
}

/** Opens the one-way inputs. @throws {SettingsError} when one cannot be used. */
export async function openReceivers(
  app: NestFastifyApplication,
  settings: Readonly<GatewaySettings>,
): Promise<void> {
  if (settings.QRNG_INGEST === 'on') await app.get(Receivers, { strict: false }).open();
}
