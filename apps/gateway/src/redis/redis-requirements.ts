/** What the gateway needs of its Redis (docs/scaling.md says why), checked at every connect. */
import { ErrorReply } from 'redis';
import { isLoopback } from '#libs/settings';
import type { RedisClient } from './redis-client.js';
import { probe } from './redis-probe.js';

const LOWEST_MAJOR_VERSION = 7;

export interface RedisFault {
  readonly fault: string;
  /** Whether only an operator can fix it. */
  readonly lasting: boolean;
  /** The error that Redis answered a command with, in its own words. */
  readonly reply?: string;
}

export interface RedisReport {
  /** Why this Redis cannot be used; undefined when it can. */
  readonly found: RedisFault | undefined;
  /** Settings under which it works, but less safely. */
  readonly warnings: readonly string[];
}

/** Looks at the server behind `client`, which was reached by `url`; `prefix` begins the names of the gateway's keys. */
export async function checkRedis(client: RedisClient, url: string, prefix: string): Promise<RedisReport> {
  const fault = await faultOf(client);
  const found = fault === undefined ? await refusalOf(client, prefix) : { fault, lasting: true };
  if (found !== undefined) return { found, warnings: [] };
  const warnings = await warningsOf(client);
  const { protocol, hostname } = new URL(url);
  if (protocol === 'redis:' && !isLoopback(hostname)) {
    warnings.push('Redis: entropy crosses the network in the clear; use rediss:// (TLS)');
  }
  return { found, warnings };
}

async function faultOf(client: RedisClient): Promise<string | undefined> {
  try {
    const server = await client.info('server');
    const version = /redis_version:(\d+)\./.exec(server)?.[1];
    if (Number(version) < LOWEST_MAJOR_VERSION) {
      return `is Redis ${version ?? '?'}; ${LOWEST_MAJOR_VERSION} or newer, or Valkey, is needed`;
    }
    const replication = text(await client.eval("return redis.call('INFO', 'replication')"));
    if (!/master_replid:[0-9a-f]{40}/.test(replication)) return 'does not tell its master_replid';
    if (!replication.includes('role:master')) {
      return 'is a read-only replica; the URL must lead to the primary';
    }
    return undefined;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `does not allow what the gateway needs (EVAL, and INFO inside scripts): ${reason}`;
  }
}

/** What comes of trying what the gateway needs. A want of rights lasts; memory, a cluster and a replica may change. */
async function refusalOf(client: RedisClient, prefix: string): Promise<RedisFault | undefined> {
  try {
    await probe(client, prefix);
    return undefined;
  } catch (error) {
    if (!(error instanceof ErrorReply)) return { fault: 'did not answer', lasting: false };
    const reply = error.message;
    return { fault: refusesNeeded(reply), lasting: /^(NOPERM|NOAUTH)\b/.test(reply), reply };
  }
}

/** A fault, by the error that Redis answered with. */
export function refusesNeeded(reply: string): string {
  return `refuses what the gateway needs: ${reply}`;
}

async function warningsOf(client: RedisClient): Promise<string[]> {
  const warnings: string[] = [];
  const expect = async (name: string, wanted: string, danger: string): Promise<void> => {
    const value = await setting(client, name);
    if (value === wanted) return;
    const found = value === undefined ? 'cannot be read' : `is "${value}"`;
    warnings.push(`Redis: ${name} ${found}, and should be "${wanted}": ${danger}`);
  };
  await expect('maxmemory-policy', 'noeviction', 'an eviction loses entropy or the replay state');
  await expect('appendonly', 'no', 'the file keeps entropy on disk, also after it was served');
  await expect('save', '', 'snapshots keep entropy on disk, also after it was served');
  return warnings;
}

/** A setting, or undefined where CONFIG is forbidden (managed services often do). */
async function setting(client: RedisClient, name: string): Promise<string | undefined> {
  try {
    const value: unknown = Object.values(await client.configGet(name))[0];
    return value === undefined ? undefined : text(value);
  } catch {
    return undefined; // the warning says that it cannot be read
  }
}

function text(reply: unknown): string {
  return Buffer.isBuffer(reply) ? reply.toString() : String(reply);
}
