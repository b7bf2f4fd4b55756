import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { LineageTelemetry } from '#libs/crypto';
import { decodeTelemetry, encodeTelemetry } from '#libs/crypto';
import { lineageLeaf, lineageNote, lineageRoot, openLineage, packetDigest } from '#libs/tlog';
import { groupsIn, LineageSigner } from './lineage-signer.js';

const key = { name: 'collector-1', key: generateKeyPairSync('ed25519').privateKey };
const sent = new Map<bigint, Buffer>();

function send(signer: LineageSigner, sequence: bigint, boot = 7n): void {
  const packet = randomBytes(200);
  sent.set(sequence, packetDigest({ mac: packet.subarray(-32), data: packet.subarray(64, -32) }));
  signer.hold(packet);
  signer.note(boot, sequence);
}

/** The numbers that a statement is about, once its signature and every leaf of it was checked. */
function checked({ boot, from, to, roots, signature }: LineageTelemetry): [bigint, bigint] {
  const bytes = Buffer.from(roots, 'base64');
  const groups = Array.from({ length: bytes.length / 32 }, (_, i) => bytes.subarray(32 * i, 32 * i + 32));
  const lineage = { collector: 'collector-1', boot: BigInt(boot), from: BigInt(from), to: BigInt(to) };
  const root = lineageRoot(groups);
  openLineage(lineageNote({ ...lineage, root }, signature), [key]);
  const leaves = Array.from({ length: Number(lineage.to - lineage.from) + 1 }, (_, i) => {
    const sequence = lineage.from + BigInt(i);
    return lineageLeaf(sequence, sent.get(sequence));
  });
  expect(lineageRoot(leaves)).toEqual(root);
  return [lineage.from, lineage.to];
}

function stated(signer: LineageSigner, most = 16): [bigint, bigint] | undefined {
  const statement = signer.statement(most);
  return statement && checked(statement);
}

describe('a signer of lineage', () => {
  test('states each packet until a heartbeat with it was delivered; numbers of heartbeats count as empty', () => {
    sent.clear();
    const signer = new LineageSigner(key);
    expect(stated(signer)).toBeUndefined();
    send(signer, 2n);
    send(signer, 3n);
    send(signer, 6n);
    expect(stated(signer)).toEqual([2n, 6n]);
    send(signer, 8n); // the heartbeat was refused
    expect(stated(signer)).toEqual([2n, 8n]);
    send(signer, 9n); // left before the outcome of the heartbeat was known
    signer.settled('delivered');
    expect(stated(signer)).toEqual([9n, 9n]);
    signer.settled('delivered');
    expect(stated(signer)).toBeUndefined();
  });

  test('states each packet twice where nothing says that a heartbeat came', () => {
    sent.clear();
    const signer = new LineageSigner(key);
    send(signer, 1n);
    expect(stated(signer)).toEqual([1n, 1n]);
    signer.settled('sent');
    send(signer, 3n);
    expect(stated(signer)).toEqual([1n, 3n]);
    signer.settled('sent');
    expect(stated(signer)).toEqual([2n, 3n]); // 2 was the heartbeat's number
    signer.settled('sent');
    expect(stated(signer)).toBeUndefined();
  });

  test('never mixes runs, and asks for a heartbeat where a run has ended or many packets have left', () => {
    sent.clear();
    const signer = new LineageSigner(key);
    send(signer, 40n, 7n);
    expect(signer.isFull).toBe(false);
    send(signer, 1n, 8n);
    expect(signer.isFull).toBe(true);
    expect(stated(signer)).toEqual([40n, 40n]);
    signer.settled('sent');
    expect(stated(signer)).toEqual([1n, 1n]);
    for (let sequence = 2n; sequence < 300n; sequence += 1n) send(signer, sequence, 8n);
    expect(signer.isFull).toBe(true);
  });

  test('is bounded when no heartbeat is delivered', () => {
    const signer = new LineageSigner(key);
    for (let sequence = 1n; sequence < 10_000n; sequence += 1n) send(signer, sequence);
    expect(signer.statement(16)?.roots.length).toBeLessThanOrEqual(684);
  });
});

test('a statement fits into every datagram, whatever the telemetry', () => {
  const signer = new LineageSigner(key);
  for (let sequence = 2n ** 63n; sequence < 2n ** 63n + 3000n; sequence += 1n) {
    send(signer, sequence, 2n ** 64n - 1n);
  }
  const reasons = ['refused', 'replayed', 'unknown', 'expired', 'shutdown', 'clock', 'health', 'mixing'];
  for (const most of [1280 - 48 - 96, 1376, 4096]) {
    const lineage = signer.statement(groupsIn(most));
    if (lineage === undefined) throw new Error('no statement');
    const sources = Array.from({ length: 16 }, (_, i) => ({
      ...{ name: `${'s'.repeat(60)}${i}`, up: true, state: 'up', bytes: Number.MAX_SAFE_INTEGER },
      healthFailures: { rct: 123_456, apt: 123_456 },
    }));
    const telemetry = {
      ...{ version: '1.0.0', uptimeMs: Number.MAX_SAFE_INTEGER, bufferBytes: Number.MAX_SAFE_INTEGER },
      ...{ bufferCapacity: Number.MAX_SAFE_INTEGER, sources, lineage },
      dropped: Object.fromEntries(reasons.map((reason) => [reason, Number.MAX_SAFE_INTEGER])),
    };
    const data = encodeTelemetry(telemetry, most);
    expect(data.length).toBeLessThanOrEqual(most);
    expect(decodeTelemetry(data).lineage).toEqual(lineage);
  }
});
