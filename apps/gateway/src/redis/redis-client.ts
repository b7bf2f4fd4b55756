/** The node-redis client, set so that no command is ever sent a second time. */
import { createClient, RESP_TYPES } from 'redis';

const CONNECT_TIMEOUT_MS = 1000;
/** Silence after which a connection is given up, also while it is being set up. */
const SILENCE_MS = 2500;
const MAX_RETRY_DELAY_MS = 1000;

export type RedisClient = ReturnType<typeof createRedisClient>;

/** A client that connects, and connects again forever, once `connect()` was called. */
// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- node-redis derives the type from the options
export function createRedisClient(url: string) {
  return createClient({
    url,
    // Commands wait for nothing: what cannot be sent now fails now, and what was not answered is not sent again.
    disableOfflineQueue: true,
    // No redirection to another host: the gateway opens no connection but to its URL.
    maintNotifications: 'disabled',
    commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
    socket: {
      connectTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: SILENCE_MS,
      // Said outright, since NODE_TLS_REJECT_UNAUTHORIZED=0 would change the default.
      ...(new URL(url).protocol === 'rediss:' ? { tls: true as const, rejectUnauthorized: true } : {}),
      reconnectStrategy: (retries) => Math.min(100 * 2 ** Math.min(retries, 10), MAX_RETRY_DELAY_MS),
    },
  });
}
