import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import vectors from '../../../../test/vectors/receipt-vectors.json' with { type: 'json' };
import { draw, integers, uuids } from '../../../../libs/entropy/src/index.js';
import type { Sample } from '../../../../libs/entropy/src/index.js';
import {
  encodeEntry,
  encodeExtra,
  formatProof,
  inclusionPath,
  leafHash,
  lineageGroups,
  lineageLeaf,
  lineagePath,
  lineageRoot,
  NoteError,
  parseVerifierKey,
  salted,
  signatureOf,
  signCheckpoint,
  signLineage,
  subtreesOf,
  treeRoot,
  verifierKey,
} from '../../../../libs/tlog/src/index.js';
import {
  FORGED_ANSWER,
  FORGED_KEYS,
  FORGERIES,
  UNFORGED_RECEIPT,
} from '../../../../test/support/forged-receipts.js';
import { verifyReceipt } from './verify.js';
import type { Verification } from './verify.js';

const key = (name: string) => ({ name, key: generateKeyPairSync('ed25519').privateKey });
const log = key('gateway.example.com/receipts');
const collector = key('collector-1');
const pins = { logKeys: [log], collectorKeys: [collector] };
const sha256 = (data: Buffer) => createHash('sha256').update(data).digest();
const BOOT = 1_764_000_000_000n;
const TIME = Date.parse('2026-11-27T12:00:00.123Z');

/** A receipt of a draw whose bytes lie in two packets of five that the collector has signed for. */
function receiptOf(request: string, sample: Sample<unknown>) {
  const packets = Array.from({ length: 5 }, () => randomBytes(64));
  const at = 64 + 60; // the last four bytes of packet 2, then packet 3
  const supply = Buffer.concat(packets.slice(1)).subarray(60);
  let taken = 0;
  const body = Buffer.from(
    JSON.stringify(draw(sample, (count) => Buffer.from(supply.subarray(taken, (taken += count))))),
  );
  const raw = Buffer.from(supply.subarray(0, taken));
  const digests = packets.map(sha256);
  const leaves = digests.map((digest, i) => lineageLeaf(BigInt(i + 1), digest));
  const groups = lineageGroups(leaves, 2);
  const statement = { boot: BOOT, from: 1n, to: 5n, root: lineageRoot(groups.roots) };
  const signature = signatureOf(signLineage(statement, collector));
  const pieces: [number, number, number][] = [[2, at - 64, Math.min(4, taken)]];
  if (taken > 4) pieces.push([3, 0, taken - 4]);
  const salt = randomBytes(32);
  const lineage = pieces.map(([sequence, offset, length]) => ({
    ...{ collector: 'collector-1', boot: BOOT, sequence: BigInt(sequence), offset, length },
    packet: digests[sequence - 1] ?? Buffer.alloc(0),
  }));
  const entry = encodeEntry({
    ...{ time: TIME, client: randomBytes(32), request, lineage },
    ...{ answer: salted(salt, body), raw: salted(salt, raw) },
  });
  const proofs = pieces.map(([sequence]) => {
    const start = sequence - 1 - ((sequence - 1) % groups.size);
    const path = lineagePath(sequence - 1, leaves.slice(start, start + groups.size), groups);
    return { from: 1n, to: 5n, signature, path };
  });
  return { body, file: inLog(entry, encodeExtra(entry, { salt, raw }, proofs)), entry, salt, raw, proofs };
}

function inLog(entry: Buffer, extra: Buffer): string {
  const entries = [
    ...Array.from({ length: 9 }, (_, i) => Buffer.from(`other ${i}`)),
    entry,
    Buffer.from('x'),
  ];
  const subtrees = subtreesOf(entries.map((one) => leafHash(one)));
  const root = treeRoot(entries.length, subtrees);
  const checkpoint = signCheckpoint({ origin: log.name, size: entries.length, root }, log);
  return formatProof({ index: 9, path: inclusionPath(9, entries.length, subtrees), checkpoint, extra });
}

const LOTTERY = 'GET /api/integers?count=6&max=49&min=1&unique=true';
const lottery = () => receiptOf(LOTTERY, integers({ count: 6, min: 1, max: 49, unique: true }));
const failed = ({ steps }: Verification) => steps.find(({ result }) => result === 'failed')?.step;

describe('a receipt', () => {
  test('is verified step by step, and says what it is about', () => {
    const { file, body } = lottery();
    const outcome = verifyReceipt(file, { ...pins, answer: body, draw: true });
    expect(outcome.steps.map(({ step, result }) => [step, result])).toEqual(
      ['form', 'log', 'answer', 'bytes', 'packets', 'draw'].map((step) => [step, 'passed']),
    );
    expect(outcome).toMatchObject({
      verified: true,
      answer: body,
      about: {
        ...{ origin: 'gateway.example.com/receipts', index: 9, request: LOTTERY },
        ...{ time: '2026-11-27T12:00:00.123Z', collectors: ['collector-1'] },
      },
    });
  });

  test('says which steps it had nothing for', () => {
    const outcome = verifyReceipt(lottery().file, { logKeys: [log] });
    expect(outcome.verified).toBe(true);
    const open = outcome.steps.filter(({ result }) => result === 'unchecked').map(({ step }) => step);
    expect(open).toEqual(['answer', 'packets']);
  });

  test('of a UUID of version 7 repeats with the time of the draw', () => {
    const { file } = receiptOf('GET /api/uuid?version=7', uuids({ count: 1, version: 7, now: TIME }));
    expect(verifyReceipt(file, { ...pins, draw: true }).verified).toBe(true);
  });

  test('is refused with another key, another answer, without the bytes, or without the signature of its collector', () => {
    const { file, entry, salt, raw, proofs } = lottery();
    expect(failed(verifyReceipt(file, { ...pins, logKeys: [key(log.name)] }))).toBe('log');
    expect(failed(verifyReceipt(file, { ...pins, collectorKeys: [key('collector-1')] }))).toBe('packets');
    expect(failed(verifyReceipt(file, { ...pins, answer: Buffer.from('[1]') }))).toBe('answer');
    const unsigned = inLog(entry, encodeExtra(entry, { salt, raw }, undefined));
    expect(failed(verifyReceipt(unsigned, pins))).toBe('packets');
    expect(verifyReceipt(unsigned, { logKeys: [log] }).verified).toBe(true);
    const swapped = inLog(entry, encodeExtra(entry, { salt, raw }, proofs.toReversed()));
    expect(failed(verifyReceipt(swapped, pins))).toBe('packets');
    const hidden = inLog(entry, encodeExtra(entry, { salt }, proofs));
    expect(failed(verifyReceipt(hidden, { ...pins, draw: true }))).toBe('draw');
  });

  test('whose request is another one than was drawn is found by repeating it', () => {
    for (const request of [
      LOTTERY.replace('49', '99'),
      'GET /api/integers?count=1001',
      'GET /api/integers?count=x',
      'GET /api/permutation',
      'GET /api/random?bytes=5&encoding=utf16le',
      'GET /api/lottery',
      'POST /v1/entropy {"block_count":1,"block_size":0}',
      'POST /v1/entropy {]}',
      'DELETE /',
    ]) {
      const { file } = receiptOf(request, integers({ count: 6, min: 1, max: 49, unique: true }));
      expect(failed(verifyReceipt(file, { ...pins, draw: true }))).toBe('draw');
    }
  });
});

describe('the frozen receipts of test/vectors', () => {
  const keys = {
    logKeys: [parseVerifierKey(vectors.logKey)],
    collectorKeys: [parseVerifierKey(vectors.collectorKey)],
  };

  test.each(vectors.good)('$name: verified', ({ receipt, answer, draw: drawsAgain }) => {
    const outcome = verifyReceipt(receipt, { ...keys, answer: Buffer.from(answer), draw: drawsAgain });
    expect(outcome.steps.filter(({ result }) => result !== 'passed')).toEqual([]);
  });

  test.each(vectors.bad)('$name: fails at $failsAt', ({ receipt, answer, failsAt }) => {
    const outcome = verifyReceipt(receipt, { ...keys, answer: Buffer.from(answer), draw: true });
    expect([outcome.verified, failed(outcome)]).toEqual([false, failsAt]);
  });
});

describe('a receipt that was forged by somebody with the key of the log, or changed', () => {
  const keys = {
    logKeys: [parseVerifierKey(FORGED_KEYS.log)],
    collectorKeys: [parseVerifierKey(FORGED_KEYS.collector)],
  };
  const answer = Buffer.from(FORGED_ANSWER);

  test('was good before', () => {
    expect(verifyReceipt(UNFORGED_RECEIPT, { ...keys, answer, draw: true }).verified).toBe(true);
  });

  test.each(FORGERIES)('is not verified: $name', ({ receipt, onlyByDraw }) => {
    const outcome = verifyReceipt(receipt, { ...keys, answer, draw: onlyByDraw });
    expect([outcome.verified, failed(outcome)]).toEqual([false, expect.any(String)]);
  });
});

test('any changed byte of any input is found: of the receipt, the answer, the key of the log and that of the collector', () => {
  const { file, body } = lottery();
  const given = [Buffer.from(file), body, ...[log, collector].map((one) => Buffer.from(verifierKey(one)))];
  const verified = ([text, answer, logKey, collectorKey]: readonly Buffer[]): boolean => {
    try {
      return verifyReceipt(text?.toString('utf8') ?? '', {
        logKeys: [parseVerifierKey(logKey?.toString('utf8') ?? '')],
        collectorKeys: [parseVerifierKey(collectorKey?.toString('utf8') ?? '')],
        answer,
        draw: true,
      }).verified;
    } catch (error) {
      if (error instanceof NoteError) return false; // it is no key any more
      throw error;
    }
  };
  expect(verified(given)).toBe(true);
  const unseen: string[] = [];
  given.forEach((input, which) => {
    for (let at = 0; at < input.length; at++) {
      const changed = Buffer.from(input);
      changed[at] = (changed[at] ?? 0) ^ (1 + ((randomBytes(1)[0] ?? 0) % 255));
      const inputs = given.map((other, i) => (i === which ? changed : other));
      if (verified(inputs)) {
        unseen.push(`input ${which}, byte ${at}: ${String(input[at])} -> ${String(changed[at])}`);
      }
      const shorter = Buffer.concat([input.subarray(0, at), input.subarray(at + 1)]);
      if (verified(given.map((other, i) => (i === which ? shorter : other)))) {
        unseen.push(`input ${which}, byte ${at} left out`);
      }
    }
  });
  expect(unseen).toEqual([]);
});
