/** Starts the gateway as an operator would, with every function on; only the limits are too high to be reached. */
import { freePort, Server } from './server.js';
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

/** A gateway that listens; its pool is empty. */
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
  return Server.start(setup, { name, module, port, ca: tls ? setup.ca : undefined, env });
}

function tlsSettings(setup: Setup, tls: boolean): Record<string, string> {
  if (!tls) return { QRNG_TLS: 'off' };
  return { QRNG_TLS_CERT_FILE: setup.path('server.pem'), QRNG_TLS_KEY_FILE: setup.path('server.key') };
}
