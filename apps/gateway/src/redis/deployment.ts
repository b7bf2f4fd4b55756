/**
 * Which keys in a shared Redis are those of this deployment, so that two of them never serve each other's bytes.
 *
 *   {PREFIX}:deployments     hash  fingerprint of an HMAC key -> space
 *   {PREFIX}:SPACE:...             everything else, each deployment in a space of its own
 *
 * A space is named after the first key that its deployment ever had; keys that replace others lead to the same space. The
 * hash tag puts all of it into one slot of a cluster.
 */
import type { RedisClient } from './redis-client.js';

/** The name of the hash, behind `{PREFIX}:`. */
export const DEPLOYMENTS = 'deployments';

export interface Deployment {
  readonly prefix: string;
  /** Names of the HMAC keys that are valid now, the current one first; none at a gateway that takes no packets. */
  readonly fingerprints: () => readonly string[];
}

/** The space to use, or why there is none. */
export type Joined = { readonly space: string } | { readonly fault: string };

/** Looks a space up. Where the keys lead to several, as when two deployments become one, that of the current key is taken. */
export const JOIN = `
local space
for i = 2, #ARGV do space = space or redis.call('HGET', KEYS[1], ARGV[i]) end
if #ARGV == 1 then
  local seen, spaces = {}, 0
  for _, known in ipairs(redis.call('HVALS', KEYS[1])) do
    if not seen[known] then spaces = spaces + 1 end
    seen[known], space = true, known
  end
  if spaces ~= 1 then return { '', spaces } end
end
space = space or (ARGV[1] ~= '' and ARGV[1]) or ARGV[2]
for i = 2, #ARGV do redis.call('HSET', KEYS[1], ARGV[i], space) end
return { space, 1 }
`;

/**
 * Finds the space of this deployment, or begins one.
 *
 * @param before the space that this gateway used until now; it stays in it where Redis lost what it knew.
 */
export async function joinDeployment(
  client: RedisClient,
  { prefix, fingerprints }: Deployment,
  before: string | undefined,
): Promise<Joined> {
  const keys = fingerprints();
  const reply = await client.eval(JOIN, {
    keys: [`{${prefix}}:${DEPLOYMENTS}`],
    arguments: [keys.length === 0 ? '' : (before ?? ''), ...keys],
  });
  const [space, spaces] = reply as unknown as [Buffer, number];
  if (space.length > 0) return { space: space.toString() };
  return {
    fault:
      spaces === 0
        ? 'is not known to any gateway that takes packets, and this one has no HMAC key to begin with'
        : `has ${spaces} deployments under this QRNG_REDIS_PREFIX, and this gateway has no HMAC key to tell them apart`,
  };
}
