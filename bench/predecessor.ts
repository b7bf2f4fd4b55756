/** The Rust predecessor's gateway, version 1.0: a release binary that the operator built, and packets as it takes them. */
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { crc32 } from 'node:zlib';
import { freePort } from '../scripts/demo/free-port.js';
import type { Sealer } from './feed.js';
import { Server } from './server.js';
import type { Setup } from './setup.js';

const VERSION = 1;
const NS_PER_MS = 1_000_000n;

export function predecessor(directory: string): string {
  return resolve(directory, 'qrng-gateway');
}

/** Starts it on loopback, with limits that are too high to be reached. */
export async function startPredecessor(
  setup: Setup,
  directory: string,
  env: Readonly<Record<string, string>>,
): Promise<Server> {
  const port = await freePort();
  return Server.start(setup, {
    name: 'predecessor',
    module: { program: predecessor(directory) },
    port,
    env: {
      QRNG_LISTEN_ADDRESS: `127.0.0.1:${port}`,
      QRNG_API_KEYS: setup.keys(1).join(','),
      QRNG_HMAC_SECRET_KEY: setup.hmacKey,
      QRNG_RATE_LIMIT_PER_SECOND: '1000000000',
      ...env,
    },
  });
}

/** Seals packets of version 1: a MessagePack array of version, id, sequence, data, timestamp, signature and checksum. */
export class PredecessorFeed implements Sealer {
  readonly #key: Buffer;
  #sequence = 0n;

  constructor(hmacKey: string) {
    this.#key = Buffer.from(hmacKey, 'hex');
  }

  seal(dataBytes: number): Buffer {
    const data = randomBytes(dataBytes);
    const sequence = u64(++this.#sequence);
    const now = new Date();
    const signature = createHmac('sha256', this.#key)
      .update(Buffer.of(VERSION))
      .update(sequence)
      .update(data)
      .update(u64(BigInt(now.getTime()) * NS_PER_MS))
      .digest();
    const time = Buffer.from(now.toISOString());
    return Buffer.concat([
      Buffer.of(0x97, VERSION), // an array of seven
      bin(Buffer.from(randomUUID().replaceAll('-', ''), 'hex')),
      Buffer.of(0xcf),
      sequence,
      bin(data),
      Buffer.of(0xd9, time.length),
      time,
      bin(signature),
      Buffer.of(0xce),
      u32(crc32(data)),
    ]);
  }
}

function bin(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.of(0xc6), u32(bytes.length), bytes]);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function u64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
}
