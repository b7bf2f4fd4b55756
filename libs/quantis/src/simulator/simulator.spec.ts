import { createHash } from 'node:crypto';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Client } from 'undici';
import { createAuthority } from '../../../../tools/certificates/authority.js';
import type { Authority, IssuedCertificate } from '../../../../tools/certificates/authority.js';
import { startSimulator } from './index.js';
import type { Fault, Simulator, SimulatorOptions } from './index.js';

let authority: Authority;
let pair: IssuedCertificate;
const open: { close: () => Promise<void> }[] = [];

beforeAll(async () => {
  authority = await createAuthority('throw-away');
  pair = await authority.issue({ commonName: 'simulated appliance', hosts: ['127.0.0.1'] });
});
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

interface Answer {
  status: number;
  type: unknown;
  simulated: unknown;
  body: Buffer;
}

async function started(options: Partial<SimulatorOptions> = {}) {
  const simulator: Simulator = await startSimulator({ ...pair, ...options });
  const client = new Client(new URL(simulator.url).origin, { connect: { ca: authority.certificatePem } });
  open.push(simulator, client);
  const get = async (path: string, method: 'GET' | 'POST' = 'GET'): Promise<Answer> => {
    const { statusCode, headers, body } = await client.request({ method, path: `/api/2.0/${path}` });
    return {
      status: statusCode,
      type: headers['content-type'],
      simulated: headers['x-simulated'],
      body: Buffer.from(await body.arrayBuffer()),
    };
  };
  return { simulator, get };
}

function numbers(body: Buffer): number[] {
  return JSON.parse(body.toString()) as number[];
}

describe('the simulated appliance', () => {
  test('says in every answer that it is simulated', async () => {
    const { get } = await started({ plan: [{ kind: 'status' }] });
    const paths = ['streambytes?size=1', 'streambytes?size=1', 'streambytes?size=x', 'nonsense'];
    for (const path of paths) expect(await get(path)).toMatchObject({ simulated: 'true' });
    expect(new URL((await started()).simulator.url).pathname).toBe('/api/2.0/streambytes');
  });

  test('sends as many raw bytes as it is asked for, and reports to its starter which', async () => {
    const told = createHash('sha256');
    const { simulator, get } = await started({ onDelivered: (bytes) => told.update(bytes) });
    const seen = createHash('sha256');
    for (const size of [1, 8192, 1_000_000]) {
      const { body, type } = await get(`streambytes?size=${size}`);
      expect([body.length, type]).toEqual([size, 'application/octet-stream']);
      seen.update(body);
    }
    expect(seen.digest('hex')).toBe(told.digest('hex'));
    expect(simulator).toMatchObject({ requests: 3, connections: 1, delivered: 1_008_193 });
  });

  test.each([
    ['streambytes', 400],
    ['streambytes?size=0', 400],
    ['streambytes?size=1e3', 400],
    ['streambytes?size=1001', 400],
    ['toString', 404],
    ['', 404],
  ])('%j is %d', async (path, status) => {
    const { get } = await started({ maxBytes: 1000 });
    expect((await get(path)).status).toBe(status);
  });

  test('takes GET alone', async () => {
    const { get } = await started();
    expect((await get('streambytes?size=1', 'POST')).status).toBe(405);
  });

  test.each<[Fault, (body: Buffer) => boolean]>([
    [{ kind: 'short' }, (body) => body.length === 500],
    [{ kind: 'oversized' }, (body) => body.length === 2000],
    [{ kind: 'html' }, (body) => body.toString().startsWith('<!DOCTYPE html>')],
    [{ kind: 'text' }, (body) => body.toString().startsWith('simulated')],
    [{ kind: 'hex' }, (body) => /^[0-9a-f]{1000}$/.test(body.toString())],
    [{ kind: 'base64' }, (body) => /^[A-Za-z0-9+/]{1000}$/.test(body.toString())],
    [{ kind: 'json' }, (body) => body.toString().startsWith('[') && numbers(body).length > 200],
    [{ kind: 'stuck-byte', value: 7 }, (body) => body.every((byte) => byte === 7)],
    [
      { kind: 'stuck-bit', value: 3 },
      (body) => body.every((byte) => (byte & 8) !== 0) && new Set(body).size > 50,
    ],
    [{ kind: 'counter' }, (body) => body.every((byte, index) => byte === (index & 0xff))],
    [{ kind: 'zeros' }, (body) => between(body.filter((byte) => byte === 0).length, 50, 170)],
    [{ kind: 'biased' }, (body) => between(body.filter((byte) => byte & 1).length, 563, 720)],
  ])('plays %j, once', async (fault, holds) => {
    const { get } = await started({ plan: [fault] });
    const { status, body } = await get('streambytes?size=1000');
    expect([status, holds(body)]).toEqual([200, true]);
    const next = (await get('streambytes?size=1000')).body;
    expect([next.length, holds(next)]).toEqual([1000, false]);
  });

  test('a counter goes on over answers', async () => {
    const { get } = await started({ plan: [{ kind: 'counter', times: 2 }] });
    expect([...(await get('streambytes?size=2')).body]).toEqual([0, 1]);
    expect([...(await get('streambytes?size=2')).body]).toEqual([2, 3]);
  });

  test('sends the same block again, like a cache in the way', async () => {
    const { simulator, get } = await started();
    const first = (await get('streambytes?size=100')).body;
    simulator.plan({ kind: 'repeat', times: 2 });
    expect((await get('streambytes?size=100')).body.equals(first)).toBe(true);
    expect((await get('streambytes?size=100')).body.equals(first)).toBe(true);
    expect((await get('streambytes?size=100')).body.equals(first)).toBe(false);
  });

  test('plays faults one after the other, each for its times, until the plan is cleared', async () => {
    const { simulator, get } = await started();
    simulator.plan({ kind: 'status', value: 503, times: 2 }, { kind: 'status', value: 429, times: Infinity });
    const statuses = [];
    for (let turn = 0; turn < 4; turn++) statuses.push((await get('streambytes?size=1')).status);
    expect(statuses).toEqual([503, 503, 429, 429]);
    simulator.clearPlan();
    expect((await get('streambytes?size=1')).status).toBe(200);
  });
});

function between(count: number, low: number, high: number): boolean {
  return count > low && count < high;
}
