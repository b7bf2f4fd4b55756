/** Starts the gateway as an operator would, with every function on; only the limits are too high to be reached. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from './load/connection.js';
import { freePort } from '../scripts/demo/free-port.js';
import { Server } from './server.js';
import type { Setup } from './setup.js';

export interface GatewayOptions {
  readonly name?: string;
  readonly tls: boolean;
  readonly poolBytes?: number;
  readonly apiKeys?: number;
  /** Another compiled module than the gateway's own main. */
  readonly module?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const LIVE_WITHIN_MS = 60_000;
const LIVE_BODY = '{"status":"ok","info":{},"error":{},"details":{}}';

/** A gateway that serves; its pool is empty. */
export async function startGateway(setup: Setup, options: GatewayOptions): Promise<Server> {
  const { tls, name = tls ? 'gateway, TLS' : 'gateway', poolBytes = 10_485_760, apiKeys = 1 } = options;
  const port = await freePort();
  const env = {
    QRNG_LISTEN_ADDRESS: `127.0.0.1:${port}`,
    ...tlsSettings(setup, tls),
    QRNG_HMAC_SECRET_KEY: setup.hmacKey,
    QRNG_API_KEY_FILE: setup.save(`api-keys-${port}`, setup.keys(apiKeys).join(',')),
    QRNG_STATE_DIR: setup.path(`state-${port}`),
    QRNG_BUFFER_SIZE: String(poolBytes),
    QRNG_RATE_LIMIT_MAX: '1000000000',
    QRNG_RATE_LIMIT_BURST: '1000000000',
    ...options.env,
  };
  const module = options.module ?? 'apps/gateway/src/main.js';
  const server = await Server.start(setup, { name, module, port, ca: tls ? setup.ca : undefined, env });
  await untilLive(server);
  return server;
}

/** A gateway with workers listens for a moment itself, to find a port for them: that it accepts a connection says nothing yet. */
async function untilLive(server: Server): Promise<void> {
  const deadline = performance.now() + LIVE_WITHIN_MS;
  while (!(await isLive(server))) {
    await sleep(10);
    if (performance.now() > deadline) {
      await server.stop();
      throw new Error(`${server.name} is not live after ${LIVE_WITHIN_MS / 1000} s`);
    }
  }
}

async function isLive(server: Server): Promise<boolean> {
  const request = Buffer.from('GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n', 'latin1');
  let connection: Connection | undefined;
  try {
    connection = await Connection.open(server);
    const { status, bodyBytes } = await connection.exchange([request]);
    return status === 200 && bodyBytes === LIVE_BODY.length;
  } catch {
    return false; // refused, or reset: it does not serve yet
  } finally {
    connection?.close();
  }
}

function tlsSettings(setup: Setup, tls: boolean): Record<string, string> {
  if (!tls) return { QRNG_TLS: 'off' };
  return { QRNG_TLS_CERT_FILE: setup.path('server.pem'), QRNG_TLS_KEY_FILE: setup.path('server.key') };
}
