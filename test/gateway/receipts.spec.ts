/** Receipts as clients and strangers see them: the field, the file, the log; and that nothing is remembered unless asked. */
import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { draw, integers } from '#libs/entropy';
import { readSettings } from '#libs/settings';
import {
  leafHash,
  openCheckpoint,
  parseReceipt,
  parseVerifierKey,
  salted,
  verifyPacket,
  verifyProof,
} from '#libs/tlog';
import type { NoteKey } from '#libs/tlog';
import { TestKeys } from '../support/api-keys.js';
import { Clock } from '../../apps/gateway/src/clock.js';
import { GatewaySettings } from '../../apps/gateway/src/settings.js';
import { startGateway } from '../support/gateway.js';
import type { Answer, TestGateway } from '../support/gateway.js';
import { lintOpenApi } from '../support/lint-open-api.js';
import { decodeEntries } from '../support/log-entries.js';
import { receiptSettings, SigningCollector, signingKey } from '../support/signing-collector.js';
import { until } from '../support/until.js';

const HOOK = Symbol.for('qrng.failpoint');
const hooks = globalThis as Record<symbol, ((name: string) => void) | undefined>;
afterEach(() => {
  hooks[HOOK] = undefined;
});

const keys = new TestKeys({ lottery: { scopes: ['random'] }, other: { scopes: ['random', 'status'] } });
let gateway: TestGateway;
let collector: SigningCollector;
let logKey: NoteKey;
const sent = Array.from({ length: 20 }, () => randomBytes(4096));

beforeAll(async () => {
  gateway = await startGateway({ ...receiptSettings(), QRNG_API_KEYS_FILE: keys.path });
  collector = new SigningCollector(gateway.collector, (packet) => gateway.push(packet));
  for (const data of sent) await collector.send(data);
  await collector.state();
  logKey = parseVerifierKey((await gateway.request('/log/public-key')).text);
});
afterAll(() => gateway.close());

const as = (name: 'lottery' | 'other', path: string, headers: Record<string, string> = {}): Promise<Answer> =>
  gateway.request(path, { headers: { authorization: `Bearer ${keys.key(name)}`, ...headers } });

/** The number of the receipt of an answer. */
function indexOf({ status, headers }: Answer): number {
  expect(status).toBe(200);
  expect(headers['qrng-receipt']).toMatch(/^\d+$/);
  return Number(headers['qrng-receipt']);
}

async function receiptOf(answer: Answer, name: 'lottery' | 'other' = 'lottery') {
  const { status, text, headers } = await as(name, `/api/receipts/${indexOf(answer)}`);
  expect({ status, type: headers['content-type'] }).toEqual({
    status: 200,
    type: 'text/plain; charset=utf-8',
  });
  const receipt = parseReceipt(text);
  verifyProof(receipt.proof, receipt.entryBytes, [logKey]);
  expect(receipt.entry.answer).toEqual(salted(receipt.salt, answer.body));
  return receipt;
}

describe('a draw that asks for a receipt', () => {
  const draws: [string, string][] = [
    ['/api/random?bytes=100', 'GET /api/random?bytes=100'],
    ['/api/random?encoding=base64', 'GET /api/random?bytes=32&encoding=base64'],
    ['/api/integers?min=1&max=6&count=5', 'GET /api/integers?count=5&max=6&min=1'],
    ['/api/floats?count=2', 'GET /api/floats?count=2'],
    ['/api/gaussians?mean=1e2', 'GET /api/gaussians?mean=100'],
    ['/api/strings?alphabet=%C3%A4b', 'GET /api/strings?alphabet=%C3%A4b'],
    ['/api/uuid', 'GET /api/uuid'],
    ['/api/uuid?version=7', 'GET /api/uuid?version=7'],
    ['/api/permutation?n=10', 'GET /api/permutation?n=10'],
  ];
  test.each(draws)('%s gets one that names it, the answer and the packets', async (path, request) => {
    const answer = await as('lottery', path, { prefer: 'receipt, wait=3' });
    expect(answer.headers['preference-applied']).toMatch(/receipt/);
    expect(answer.headers['preference-applied']).toMatch(/wait=3/);
    const { entry, proofs, raw } = await receiptOf(answer);
    expect(entry.request).toBe(request);
    expect(Math.abs(entry.time - Date.now())).toBeLessThan(60_000);
    expect(raw).toBeUndefined();
    const [piece] = entry.lineage;
    const [proof] = proofs ?? [];
    if (piece === undefined || proof === undefined) throw new Error('no lineage');
    expect(piece).toMatchObject({ collector: 'collector-1', boot: gateway.collector.boot });
    verifyPacket(piece, proof, [parseVerifierKey(collector.publicKey)]);
  });

  test('in the query as well as in the header, and not when it says false', async () => {
    const asked = await as('lottery', '/api/integers?receipt=true');
    expect(asked.headers['preference-applied']).toBeUndefined();
    expect((await receiptOf(asked)).entry.request).toBe('GET /api/integers');
    expect((await as('lottery', '/api/integers?receipt=false')).headers['qrng-receipt']).toBeUndefined();
    expect((await as('lottery', '/api/integers?receipt=perhaps')).status).toBe(400);
    for (const path of ['/api/integers?reciept=true', '/api/random?reciept=true']) {
      expect((await as('lottery', path)).text).toMatch(
        /reciept is not a parameter here; it has .*, receipt\./,
      );
    }
  });

  test('over the QRNG Open API', async () => {
    const answer = await gateway.request('/v1/entropy', {
      method: 'POST',
      headers: {
        authorization: `Bearer ${keys.key('lottery')}`,
        'content-type': 'application/json',
        prefer: 'receipt',
      },
      body: '{"block_size":16,"block_count":2}',
    });
    const { entry } = await receiptOf(answer);
    expect(entry.request).toBe('POST /v1/entropy {"block_count":2,"block_size":16}');
  });

  test('names every packet that its bytes came from, with a proof for each', async () => {
    const answer = await as('lottery', '/api/random?bytes=10000&encoding=binary', { prefer: 'receipt' });
    const { entry, proofs } = await receiptOf(answer);
    expect(entry.lineage.length).toBeGreaterThanOrEqual(3);
    expect(proofs).toHaveLength(entry.lineage.length);
    expect(entry.lineage.reduce((sum, { length }) => sum + length, 0)).toBe(10_000);
    expect(entryOfLog(await tile(), indexOf(answer))).toBeDefined();
  });

  test('as a public draw also reveals the bytes, from which anybody draws the same', async () => {
    const answer = await as('lottery', '/api/integers?count=6&min=1&max=49&unique=true', {
      prefer: 'receipt=full',
    });
    expect(answer.headers['preference-applied']).toBe('receipt=full');
    const { raw, entry, salt } = await receiptOf(answer);
    if (raw === undefined) throw new Error('no bytes');
    expect(entry.raw).toEqual(salted(salt, raw));
    let at = 0;
    const again = draw(integers({ count: 6, min: 1, max: 49, unique: true }), (count) =>
      Buffer.from(raw.subarray(at, (at += count))),
    );
    expect(again).toEqual(JSON.parse(answer.text));
    expect(at).toBe(raw.length);
  });

  test('is read by an agent, too, with the tool get_receipt', async () => {
    const answer = await as('lottery', '/api/uuid', { prefer: 'receipt' });
    const index = indexOf(answer);
    const call = (name: 'lottery' | 'other'): Promise<Answer> =>
      gateway.request('/mcp', {
        method: 'POST',
        headers: {
          authorization: `Bearer ${keys.key(name)}`,
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
        },
        body: JSON.stringify({
          jsonrpc: '2.0',
          id: 1,
          method: 'tools/call',
          params: { name: 'get_receipt', arguments: { index } },
        }),
      });
    const { text } = await call('lottery');
    const { result } = JSON.parse(/^data: (.+)$/m.exec(text)?.[1] ?? text) as {
      result: { structuredContent: { receipt: string } };
    };
    const { entryBytes, proof } = parseReceipt(result.structuredContent.receipt);
    verifyProof(proof, entryBytes, [logKey]);
    expect((await call('other')).text).toContain('There is no receipt');
  });

  test('is given to its own key alone', async () => {
    const index = indexOf(await as('lottery', '/api/uuid', { prefer: 'receipt' }));
    expect((await as('other', `/api/receipts/${index}`)).status).toBe(404);
    expect((await gateway.request(`/api/receipts/${index}`)).status).toBe(401);
    for (const name of ['99999', '-1', '01', 'x']) {
      expect((await as('lottery', `/api/receipts/${name}`)).status).toBe(404);
    }
  });

  test.each(['', '?x=1', '/', '%2f'])(
    'is asked for with a number, and with a key first: /api/receipts/%s',
    async (rest) => {
      const path = `/api/receipts/${rest}`;
      const { status, text } = await as('lottery', path);
      expect([status, text]).toEqual([404, expect.not.stringContaining('Cannot')]);
      expect((await gateway.request(path)).status).toBe(401);
      expect((await gateway.request(path, { headers: { authorization: 'Bearer nonsense' } })).status).toBe(
        401,
      );
    },
  );
});

const tile = async (): Promise<{ size: number; entries: Buffer[] }> => {
  const { size } = openCheckpoint((await gateway.request('/log/checkpoint')).text, [logKey]);
  const { body } = await gateway.request(`/log/tile/entries/000.p/${size}`);
  return { size, entries: decodeEntries(body) };
};
const entryOfLog = ({ entries }: { entries: Buffer[] }, index: number): Buffer | undefined => entries[index];

describe('the log', () => {
  test('is open to everybody: checkpoint, tiles of hashes and entries, and no more than published', async () => {
    const { size, entries } = await tile();
    const hashes = await gateway.request(`/log/tile/0/000.p/${size}`);
    expect(hashes.headers['content-type']).toBe('application/octet-stream');
    expect(hashes.body).toEqual(Buffer.concat(entries.map((entry) => leafHash(entry))));
    // As clients that are generated from the OpenAPI document write it.
    expect((await gateway.request(`/log/tile/0%2F000.p%2F${size}`)).body).toEqual(hashes.body);
    for (const path of [
      'tile/0/000',
      'tile/%2E%2E%2Fcheckpoint',
      `tile/0/000.p/${size + 1}`,
      'tile/0/001.p/1',
      'tile/9/000.p/1',
      'tile/x',
      'cut',
    ]) {
      expect((await gateway.request(`/log/${path}`)).status).toBe(404);
    }
  });

  test('has no name of a client, no byte of an answer, no salt and no hash of entropy alone in it', async () => {
    const answer = await as('lottery', '/api/random?bytes=32', { prefer: 'receipt' });
    const { salt } = await receiptOf(answer);
    const text = Buffer.concat((await tile()).entries).toString();
    for (const secret of ['lottery', answer.text, salt.toString('base64')]) {
      expect(text).not.toContain(secret);
    }
    expect(text).not.toContain(createHash('sha256').update('lottery').digest('base64'));
    // Who has drawn all but two bytes of a packet would find them in 65 536 tries.
    for (const data of [answer.body, ...sent]) {
      expect(text).not.toContain(createHash('sha256').update(data).digest('base64'));
    }
  });

  test('grows by the draws that ask for it alone', async () => {
    const before = await gateway.metric('qrng_receipts');
    const plain = await as('lottery', '/api/random');
    const wait = await as('lottery', '/api/integers', { prefer: 'wait=1' });
    const head = await gateway.request('/api/random?receipt=true', {
      method: 'HEAD',
      headers: { authorization: `Bearer ${keys.key('lottery')}` },
    });
    for (const { headers } of [plain, wait, head]) expect(headers['qrng-receipt']).toBeUndefined();
    expect(await gateway.metric('qrng_receipts')).toBe(before);
  });
});

test('a disk that is full refuses draws that ask for a receipt, takes nothing for them, and serves the others', async () => {
  hooks[HOOK] = (name) => {
    if (/^(receipt-unreserved|checkpoint-unwritten)$/.test(name)) {
      throw Object.assign(new Error('full'), { code: 'ENOSPC' });
    }
  };
  await as('lottery', '/api/random', { prefer: 'receipt' }); // there may be room left from before
  await until('the log is known to be unwritable', async () => {
    return (await gateway.metric('qrng_receipt_log_writable')) === 0;
  });
  const pool = await gateway.metric('qrng_pool_bytes');
  const refused = await as('lottery', '/api/random', { prefer: 'receipt' });
  expect(refused.status).toBe(503);
  expect(refused.headers['retry-after']).toBeDefined();
  expect(await gateway.metric('qrng_pool_bytes')).toBe(pool);
  expect((await as('lottery', '/api/random')).status).toBe(200);
  const { warnings } = JSON.parse((await as('other', '/api/status')).text) as { warnings: string[] };
  expect(warnings.join()).toMatch(/receipt/);
  hooks[HOOK] = undefined;
  const later = await until('receipts are given again', async () => {
    const answer = await as('lottery', '/api/random', { prefer: 'receipt' });
    return answer.status === 200 && answer;
  });
  await receiptOf(later);
});

test('bytes of unknown origin get no receipt, and a draw without one takes them', async () => {
  const { env } = gateway;
  const other = await startGateway({ ...receiptSettings(), QRNG_API_KEY: env['QRNG_API_KEY'] });
  const many = new SigningCollector(other.collector, (packet) => other.push(packet));
  for (let i = 0; i < 300; i++) await many.send(randomBytes(2));
  const refused = await other.get('/api/random?bytes=600', { prefer: 'receipt' });
  expect(refused.status).toBe(503);
  expect(refused.text).toContain('300 small packets');
  expect((await other.get('/api/random?bytes=600')).status).toBe(200);
  await other.close();
});

test('without a key of the collector, and before its statement came, a receipt names packets without proofs', async () => {
  const other = await startGateway(receiptSettings());
  await other.fill(1000);
  const answer = await other.get('/api/random', { prefer: 'receipt' });
  const file = await other.get(`/api/receipts/${String(answer.headers['qrng-receipt'])}`);
  const { entry, proofs } = parseReceipt(file.text);
  expect(entry.lineage).toHaveLength(1);
  expect(proofs).toBeUndefined();
  await other.close();
});

test('a gateway that restarts goes on with its log, and keeps the proofs', async () => {
  const first = await startGateway(receiptSettings());
  const signing = new SigningCollector(first.collector, (packet) => first.push(packet));
  await signing.send(randomBytes(1000));
  const answer = await first.get('/api/random', { prefer: 'receipt' });
  await signing.state();
  const index = String(answer.headers['qrng-receipt']);
  const before = parseReceipt((await first.get(`/api/receipts/${index}`)).text);
  expect(before.proofs).toHaveLength(1);
  await first.close();
  const second = await startGateway(first.env);
  expect(parseReceipt((await second.get(`/api/receipts/${index}`)).text).proofs).toEqual(before.proofs);
  await second.close();
  const stateDirectory = join(first.env['QRNG_STATE_DIR'] ?? '', 'receipts');
  const written = readdirSync(stateDirectory, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile())
    .map((file) => readFileSync(join(file.parentPath, file.name)).toString('latin1'));
  expect(written.join()).not.toContain(answer.text); // no entropy is stored
});

test('the settings name what is missing, one line each', () => {
  const env = { ...gateway.env, QRNG_RECEIPTS_KEY: undefined, QRNG_RECEIPTS_ORIGIN: undefined };
  expect(() => readSettings(GatewaySettings, env)).toThrow(
    /^QRNG_RECEIPTS_KEY must be [^\n]+\nQRNG_RECEIPTS_ORIGIN must be [^\n]+$/,
  );
  const wrong = { ...gateway.env, QRNG_RECEIPTS_ORIGIN: 'two words' };
  expect(() => readSettings(GatewaySettings, wrong)).toThrow(/^QRNG_RECEIPTS_ORIGIN must be [^\n]+$/);
});

test('a log of another key or name is refused, with what to do', async () => {
  for (const other of [
    { QRNG_RECEIPTS_KEY: signingKey() },
    { QRNG_RECEIPTS_ORIGIN: 'another.example.com' },
  ]) {
    const first = await startGateway(receiptSettings());
    await first.close();
    await expect(startGateway({ ...first.env, ...other })).rejects.toThrow(/not signed by QRNG_RECEIPTS_KEY/);
  }
});

test('is described in an OpenAPI document that lints clean', async () => {
  const { text } = await gateway.request('/docs-json');
  expect(await lintOpenApi(text)).toBe('');
  const { paths } = JSON.parse(text) as {
    paths: Record<string, { get?: { parameters?: { name: string }[] } }>;
  };
  const draws = Object.keys(paths).filter((path) =>
    paths[path]?.get?.parameters?.some(({ name }) => name === 'receipt'),
  );
  expect(draws.sort()).toEqual(
    ['floats', 'gaussians', 'integers', 'permutation', 'random', 'strings', 'uuid'].map(
      (name) => `/api/${name}`,
    ),
  );
});

test('with receipts off there is no route, and the preference is not honoured', async () => {
  const off = await startGateway();
  await off.fill(1000);
  expect((await off.get('/api/receipts/0')).status).toBe(404);
  expect((await off.request('/log/checkpoint')).status).toBe(404);
  const { headers } = await off.get('/api/random', { prefer: 'receipt' });
  expect([headers['qrng-receipt'], headers['preference-applied']]).toEqual([undefined, undefined]);
  expect((await off.get('/api/random?receipt=true')).status).toBe(400);
  expect((await off.get('/docs-json')).text).not.toContain('QRNG-Receipt');
  await off.close();
});

test('a receipt names the packets that its bytes came from, at whichever look at the clock others expire', async () => {
  const own = await startGateway({
    ...receiptSettings(),
    ...{ QRNG_BUFFER_TTL_SECS: '60', QRNG_RATE_LIMIT_MAX: '10000', QRNG_RATE_LIMIT_BURST: '10000' },
  });
  const signing = new SigningCollector(own.collector, (packet) => own.push(packet));
  const clock = own.app.get(Clock);
  let now = clock.monotonic();
  let looks = 0;
  let expiry = Infinity;
  clock.monotonic = () => ((looks += 1) === expiry ? (now += 59_998.5) : now);
  const delivered: Buffer[] = [];
  const answers: Answer[] = [];
  do {
    expiry = Infinity;
    now += 120_000; // all of before expires
    for (let i = 0; i < 2; i++, now += 1) {
      delivered.push(randomBytes(100));
      await signing.send(delivered.at(-1) ?? Buffer.of());
    }
    looks = 0;
    expiry = answers.length + 1;
    answers.push(await own.get('/api/random?bytes=50&encoding=binary&receipt=true'));
  } while (looks >= expiry);
  for (const answer of answers) {
    const { text } = await own.get(`/api/receipts/${indexOf(answer)}`);
    const pieces = parseReceipt(text).entry.lineage.map(({ sequence, offset, length }) =>
      delivered[Number(sequence) - 1]?.subarray(offset, offset + length),
    );
    expect(pieces).toEqual([answer.body]);
  }
  await own.close();
});
