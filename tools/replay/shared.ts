/** The replay state of gateways that share a pool: in Redis, whether they run or not. */
import { CommandError } from '#libs/command-line';
import { forgottenText, unknownText } from '../../apps/gateway/src/pool/replay/forget-texts.js';
import type { FreshnessWindow } from '../../apps/gateway/src/pool/replay/freshness.js';
import {
  allPositions,
  decodePositions,
  forgetPosition,
} from '../../apps/gateway/src/pool/redis/position-scripts.js';
import { keysOf } from '../../apps/gateway/src/packet-keys/read-hmac-keys.js';
import { RedisConnection } from '../../apps/gateway/src/redis/redis-connection.js';
import type { GatewaySettings } from '../../apps/gateway/src/settings.js';
import { reportOf } from './describe.js';
import type { ReplayReport } from './describe.js';

const SILENT = { up: () => undefined, down: () => undefined, refused: () => undefined };

export function showShared(
  settings: Readonly<GatewaySettings>,
  window: FreshnessWindow,
  now: number,
): Promise<ReplayReport> {
  return connected(settings, async (redis) => {
    const state = decodePositions(await redis.runScript(allPositions, {}));
    return reportOf(state, window, now, [`epoch ${state.epoch} of the shared pool`]);
  });
}

export function forgetShared(
  settings: Readonly<GatewaySettings>,
  collectors: readonly string[],
): Promise<readonly string[]> {
  return connected(settings, async (redis) => {
    const answers = [];
    for (const collector of collectors) {
      const forgotten = await redis.runScript(forgetPosition, { collector });
      answers.push(forgotten === null ? unknownText(collector) : forgottenText(collector, ...forgotten));
    }
    return answers;
  });
}

async function connected<T>(
  settings: Readonly<GatewaySettings>,
  use: (redis: RedisConnection) => Promise<T>,
): Promise<T> {
  const { shared, own } = keysOf(settings);
  const fingerprints = [...shared, ...own.map(({ key }) => key)].map((key) => key.fingerprint);
  const deployment = { prefix: settings.QRNG_REDIS_PREFIX, fingerprints: () => [...new Set(fingerprints)] };
  const redis = await RedisConnection.open(settings.QRNG_REDIS_URL ?? '', SILENT, deployment);
  try {
    if (redis.fault !== undefined) throw new CommandError(`Redis ${redis.fault}`);
    return await use(redis);
  } finally {
    redis.close();
  }
}
