import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createAuthority } from '../../../tools/certificates/authority.js';
import type { Authority } from '../../../tools/certificates/authority.js';
import { ApplianceSource } from './appliance-source.js';
import type { ApplianceOptions } from './appliance-source.js';
import { startSimulator } from './simulator/index.js';
import type { Fault, Simulator, SimulatorOptions } from './simulator/index.js';

const directory = mkdtempSync(join(tmpdir(), 'appliance-'));
const caFile = join(directory, 'ca.pem');
const open: { close: () => Promise<void> }[] = [];
let authority: Authority;

beforeAll(async () => {
  authority = await createAuthority('throw-away');
  writeFileSync(caFile, authority.certificatePem);
});
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});
afterAll(() => rmSync(directory, { recursive: true }));

async function simulator(options: Partial<SimulatorOptions> = {}): Promise<Simulator> {
  const pair = await authority.issue({ commonName: 'simulated appliance', hosts: ['127.0.0.1'] });
  const started = await startSimulator({ ...pair, ...options });
  open.push(started);
  return started;
}

function source(options: Partial<ApplianceOptions> & { url: string }): ApplianceSource {
  const created = new ApplianceSource({ name: 'appliance', timeoutMs: 5000, caFile, ...options });
  open.push(created);
  return created;
}

/** An HTTPS server that answers what no appliance has been seen to answer. */
async function answering(answer: RequestListener): Promise<string> {
  const pair = await authority.issue({ commonName: 'odd', hosts: ['127.0.0.1'] });
  const server = createServer({ cert: pair.certificatePem, key: pair.keyPem }, answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push({
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

describe('ApplianceSource', () => {
  test('fetches exactly the bytes that the appliance sent, over one connection', async () => {
    const sent = createHash('sha256');
    const appliance = await simulator({ onDelivered: (bytes) => sent.update(bytes) });
    const fetched = createHash('sha256');
    const client = source({ url: appliance.url });
    for (const size of [1, 63, 8192, 65_536, 1_048_576]) {
      const bytes = await client.fetch(size);
      expect(bytes.length).toBe(size);
      fetched.update(bytes);
    }
    expect(fetched.digest('hex')).toBe(sent.digest('hex'));
    expect(appliance.connections).toBe(1);
  });

  test.each<[Fault, string]>([
    [{ kind: 'short' }, 'length'],
    [{ kind: 'oversized' }, 'length'],
    [{ kind: 'html' }, 'content'],
    [{ kind: 'html', contentType: 'application/octet-stream' }, 'content'],
    [{ kind: 'text' }, 'content'],
    [{ kind: 'hex' }, 'content'],
    [{ kind: 'base64' }, 'content'],
    [{ kind: 'json' }, 'content'],
    [{ kind: 'json', contentType: 'application/octet-stream' }, 'content'],
    [{ kind: 'truncated' }, 'connection'],
    [{ kind: 'stall' }, 'timeout'],
    [{ kind: 'slow', value: 1000 }, 'timeout'],
    [{ kind: 'reset' }, 'connection'],
    [{ kind: 'status', value: 503 }, 'status'],
    [{ kind: 'redirect' }, 'redirect'],
    [{ kind: 'headers' }, 'protocol'],
    [{ kind: 'partial' }, 'status'],
    [{ kind: 'codings' }, 'content'],
    [{ kind: 'early', value: 10_000 }, 'protocol'],
    [{ kind: 'phrase', value: 10_000_000 }, 'protocol'],
  ])('refuses %j (%s), and fetches again after it', async (fault, code) => {
    const appliance = await simulator({ plan: [fault] });
    const client = source({ url: appliance.url, timeoutMs: 500 });
    await expect(client.fetch(8192)).rejects.toMatchObject({ name: 'SourceError', code });
    expect((await client.fetch(8192)).length).toBe(8192);
    expect(appliance.requests).toBe(2);
  });

  test.each<[Fault, object]>([
    [
      { kind: 'status', value: 503, retryAfter: 7 },
      { status: 503, retryAfterMs: 7000 },
    ],
    [
      { kind: 'status', value: 429, retryAfter: '86400' },
      { status: 429, retryAfterMs: 600_000 },
    ],
    [{ kind: 'status', value: 500 }, { status: 500 }],
    [{ kind: 'status', value: 404, retryAfter: 'soon' }, { status: 404 }],
  ])('says how long %j wants to be left alone', async (fault, details) => {
    const appliance = await simulator({ plan: [fault] });
    const error: unknown = await source({ url: appliance.url })
      .fetch(32)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'status', details });
  });

  test('never goes where a redirect points to', async () => {
    const [appliance, elsewhere] = [await simulator(), await simulator()];
    appliance.plan({ kind: 'redirect', location: elsewhere.url });
    await expect(source({ url: appliance.url }).fetch(32)).rejects.toMatchObject({ code: 'redirect' });
    expect(elsewhere.requests).toBe(0);
  });

  test('leaves to the health tests what only statistics can tell', async () => {
    const kinds = ['stuck-byte', 'stuck-bit', 'counter', 'repeat', 'zeros', 'biased'] as const;
    const appliance = await simulator({ plan: kinds.map((kind) => ({ kind, value: 7 })) });
    const client = source({ url: appliance.url });
    for (const kind of kinds) expect([kind, (await client.fetch(8192)).length]).toEqual([kind, 8192]);
  });

  test('waits for a module of 4 Mbit/s', async () => {
    const appliance = await simulator({ bytesPerSecond: 500_000 });
    expect((await source({ url: appliance.url, timeoutMs: 1000 }).fetch(100_000)).length).toBe(100_000);
  });

  test('gives up when the caller does, and when it is closed', async () => {
    const appliance = await simulator({ plan: [{ kind: 'stall', times: 3 }] });
    const client = source({ url: appliance.url });
    const controller = new AbortController();
    const given = client.fetch(32, controller.signal);
    controller.abort();
    await expect(given).rejects.toMatchObject({ code: 'aborted' });
    const closed = client.fetch(32);
    await client.close();
    await expect(closed).rejects.toMatchObject({ code: 'aborted' });
  });

  test('adds the size to the query of its URL', async () => {
    const seen: unknown[] = [];
    const url = await answering((request, response) => {
      seen.push(request.method, request.url, request.headers.authorization);
      response.end(Buffer.alloc(32, 0xfe));
    });
    await source({ url: `${url}?size=1&unit=a%26b` }).fetch(32);
    expect(seen).toEqual(['GET', '/?unit=a%26b&size=32', undefined]);
  });

  test('does not read on when more comes than it asked for, announced or not', async () => {
    let written = 0;
    const url = await answering((_, response) => {
      response.on('error', () => undefined);
      const more = (): void => {
        written += 65_536;
        if (!response.destroyed) response.write(Buffer.alloc(65_536, 0xfe), more);
      };
      more();
    });
    await expect(source({ url }).fetch(32)).rejects.toMatchObject({ code: 'length' });
    expect(written).toBeLessThan(100 * 65_536);
  });

  test.each([
    ['fewer bytes, not announced', {}, 16, 'length'],
    ['compressed bytes', { 'content-encoding': 'gzip' }, 32, 'content'],
    ['a problem in JSON', { 'content-type': 'Application/Problem+JSON; charset=utf-8' }, 32, 'content'],
  ])('refuses %s', async (_, headers, length, code) => {
    const url = await answering((_request, response) => {
      response.writeHead(200, { 'transfer-encoding': 'chunked', ...headers }).end(Buffer.alloc(length, 0xfe));
    });
    await expect(source({ url }).fetch(32)).rejects.toMatchObject({ code });
  });

  test('refuses what is not HTTP', async () => {
    const url = await answering((request) => request.socket.end('\x00\x01\x02 not http\r\n\r\n'));
    const error: unknown = await source({ url })
      .fetch(32)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'protocol' });
    expect(error).not.toHaveProperty('cause'); // it would hold the bytes that are not HTTP
  });
});
