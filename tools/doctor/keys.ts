/** Strong keys, rotated regularly: does a key look as if a generator had made it, and how old is its file? */
import { statSync } from 'node:fs';
import type { Environment } from '#libs/settings';
import { check } from './finding.js';
import type { Finding } from './finding.js';

const QUARTER_DAYS = 92;
const DAY_MS = 86_400_000;
const API_KEY_BITS = 256;

const strength = check('Strong keys');
const rotation = check('Key rotation');

/** Whether the 64 hex digits of an HMAC key are likely to come from a generator. */
export function hmacKey(name: string, hex: string): Finding {
  const bytes = Buffer.from(hex, 'hex');
  const steps = new Set(bytes.subarray(1).map((byte, index) => byte - (bytes[index] ?? 0)));
  // 32 random bytes have 30 different values; fewer than 22 happens once in 10^7.
  if (new Set(bytes).size < 22 || steps.size < 8) {
    return strength.fail(`${name} does not look random: make one with openssl rand -hex 32`);
  }
  return strength.pass(`${name} has 256 bits`);
}

/** Whether an API key can hold 256 bits, by its length and alphabet. */
export function apiKey(client: string, key: string): Finding {
  const bitsEach = /^[0-9a-f]+$/i.test(key) ? 4 : 6;
  if (new Set(key).size < 10) {
    return strength.fail(`the API key of ${client} does not look random: replace it`);
  }
  return key.length * bitsEach >= API_KEY_BITS
    ? strength.pass(`the API key of ${client} can hold ${API_KEY_BITS} bits`)
    : strength.warn(
        `the API key of ${client} holds at most ${key.length * bitsEach} bits; ${API_KEY_BITS} are recommended`,
      );
}

/** Whether keys can be rotated without a restart, and were in the last quarter. */
export function keyAges(env: Environment, names: Iterable<string>, now: number): Finding[] {
  return [...names].flatMap((name) => {
    const file = env[`${name}_FILE`];
    if (file === undefined) {
      return isSet(env[name])
        ? [
            rotation.warn(
              `${name} is in the environment: as ${name}_FILE it can be rotated without a restart`,
            ),
          ]
        : [];
    }
    const stat = statSync(file, { throwIfNoEntry: false });
    if (stat === undefined || stat.size === 0) return [];
    if (name.endsWith('_PREVIOUS')) {
      return [rotation.warn(`${file} is still accepted: empty it when the rotation is over`)];
    }
    const days = Math.floor((now - stat.mtimeMs) / DAY_MS);
    return days > QUARTER_DAYS
      ? [rotation.warn(`${file} is ${days} days old: rotate it quarterly (docs/operations.md)`)]
      : [rotation.pass(`${file} is ${days} days old`)];
  });
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '';
}
