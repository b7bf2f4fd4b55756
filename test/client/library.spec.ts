/** The library of clients/qrng: against a real gateway, and against servers that do not answer as one. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { QrngClient, QrngError } from '../../clients/qrng/src/index.js';
import { TestKeys } from '../support/api-keys.js';
import { startGateway, temporaryFolder, testAuthority } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { until } from '../support/until.js';

describe('QrngClient', () => {
  let gateway: TestGateway;
  let client: QrngClient;
  beforeAll(async () => {
    gateway = await startGateway();
    const { certificatePem: ca } = await testAuthority();
    client = new QrngClient({ url: gateway.url, apiKey: gateway.apiKey, ca });
    await gateway.fill(4 * 1024 * 1024);
  });
  afterAll(async () => {
    client.close();
    await gateway.close();
  });

  test('draws what was asked for', async () => {
    expect(await client.bytes(17)).toHaveLength(17);
    expect(await client.integers({ count: 1000, min: 5, max: 5 })).toEqual(new Array(1000).fill(5));
    expect(new Set(await client.integers({ count: 49, min: 1, max: 49, unique: true })).size).toBe(49);
    expect(await client.floats({ count: 1000 })).toHaveLength(1000);
    expect(await client.gaussians({ count: 3, mean: -1e300, stddev: 1e-300 })).toEqual([
      -1e300, -1e300, -1e300,
    ]);
    expect(await client.strings({ count: 2, length: 3, alphabet: '🂡🂢' })).toEqual(
      [1, 2].map(() => expect.stringMatching(/^[🂡🂢]{3}$/u)),
    );
    expect(await client.uuids({ count: 2, version: 7 })).toHaveLength(2);
    expect((await client.permutation({ n: 4 })).sort()).toEqual([0, 1, 2, 3]);
    expect(await client.mixed().strings()).toEqual([expect.stringMatching(/^\w{32}$/)]);
    expect(await client.status()).toMatchObject({ pool: { ready: true } });
    expect(await client.usage()).toMatchObject({ client: 'client-1' });
  });

  test('streams in chunks', async () => {
    let length = 0;
    for await (const chunk of client.stream(1_000_000)) length += chunk.length;
    expect(length).toBe(1_000_000);
  });

  test('waits at the gateway for entropy that is not there yet, instead of being refused', async () => {
    const empty = await startGateway();
    const { certificatePem: ca } = await testAuthority();
    const waits: unknown[] = [];
    const options = { url: empty.url, apiKey: empty.apiKey, ca, wait: true };
    const waiting = new QrngClient({ ...options, onWait: (error) => waits.push(error) });
    const asked = once(empty.app.getHttpServer(), 'request');
    const drawn = waiting.bytes(32);
    await asked;
    await empty.fill(1000);
    expect(await drawn).toHaveLength(32);
    expect(waits).toEqual([]);
    waiting.close();
    await empty.close();
  });

  test('keeps one connection for one request after the other', async () => {
    const connections: unknown[] = [];
    const server = gateway.app.getHttpServer();
    server.on('secureConnection', (socket) => connections.push(socket));
    const { certificatePem: ca } = await testAuthority();
    const own = new QrngClient({ url: gateway.url, apiKey: gateway.apiKey, ca });
    for (let i = 0; i < 20; i++) await own.bytes(1);
    own.close();
    expect(connections).toHaveLength(1);
  });

  test.each([
    [(draws: QrngClient) => draws.bytes(0), 'bytes must be a whole number from 1 to 65536'],
    [(draws: QrngClient) => draws.bytes(65_537), 'bytes must be'],
    [(draws: QrngClient) => draws.integers({ count: 1.5 }), 'count must be'],
    [(draws: QrngClient) => draws.integers({ min: 2 ** 53 }), 'min must be'],
    [(draws: QrngClient) => draws.integers({ min: 1, max: 0 }), 'min must be at most max, which is 0'],
    [(draws: QrngClient) => draws.gaussians({ mean: NaN }), 'mean must be'],
    [(draws: QrngClient) => draws.gaussians({ stddev: Infinity }), 'stddev must be'],
    [(draws: QrngClient) => draws.strings({ alphabet: 'a\ud800' }), 'no half of a surrogate pair'],
    [(draws: QrngClient) => draws.uuids({ version: 5 as 4 }), 'version must be 4 or 7'],
    [(draws: QrngClient) => draws.permutation({ n: 10_001 }), 'n must be'],
  ])('refuses what is out of bounds, without a request: %#', async (draw, message) => {
    await expect(draw(client)).rejects.toThrow(RangeError);
    await expect(draw(client)).rejects.toThrow(message);
  });

  test('its bounds are those of the gateway', async () => {
    const document = JSON.parse((await gateway.get('/docs-json')).text) as ApiDocument;
    const bound = (route: string, name: string, edge: 'minimum' | 'maximum') =>
      document.paths[`/api/${route}`]?.get.parameters.find((one) => one.name === name)?.schema[edge] ?? NaN;
    const draws: Readonly<Record<string, (value: number) => Promise<unknown>>> = {
      'random bytes': (bytes) => client.bytes(bytes),
      'integers count': (count) => client.integers({ count }),
      'floats count': (count) => client.floats({ count }),
      'gaussians count': (count) => client.gaussians({ count }),
      'strings count': (count) => client.strings({ count }),
      'strings length': (length) => client.strings({ length }),
      'uuid count': (count) => client.uuids({ count }),
      'permutation n': (n) => client.permutation({ n }),
    };
    for (const [parameter, draw] of Object.entries(draws)) {
      const [route = '', name = ''] = parameter.split(' ');
      await draw(bound(route, name, 'minimum'));
      await draw(bound(route, name, 'maximum'));
      await expect(draw(bound(route, name, 'minimum') - 1)).rejects.toThrow(RangeError);
      await expect(draw(bound(route, name, 'maximum') + 1)).rejects.toThrow(RangeError);
    }
  });

  test('ends at the signal of its caller', async () => {
    await expect(client.bytes(1, AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
    await expect(client.stream(1, AbortSignal.abort()).next()).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('reads the key file again when its key is refused', async () => {
    const keys = new TestKeys({ old: {}, new: {} });
    const guarded = await startGateway({ QRNG_API_KEYS_FILE: keys.path, QRNG_API_KEY: undefined });
    await guarded.request('/push', {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: guarded.collector.seal(randomBytes(100_000)),
    });
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'key'), keys.key('old'));
    writeFileSync(join(folder, 'ca.pem'), (await testAuthority()).certificatePem);
    const rotating = QrngClient.fromEnvironment({
      QRNG_URL: guarded.url,
      QRNG_API_KEY_FILE: join(folder, 'key'),
      QRNG_CA_FILE: join(folder, 'ca.pem'),
    });
    await rotating.bytes(1);
    keys.write({ new: {} });
    await until('the old key is refused', async () => {
      const headers = keys.bearer('old');
      return (await guarded.request('/api/random', { headers })).status === 401;
    });
    await expect(rotating.bytes(1)).rejects.toMatchObject({ code: 'unauthorized', status: 401 });
    writeFileSync(join(folder, 'key'), keys.key('new'));
    expect(await rotating.bytes(1)).toHaveLength(1);
    rotating.close();
    await guarded.close();
  });
});

interface ApiDocument {
  readonly paths: Readonly<
    Record<
      string,
      {
        readonly get: {
          readonly parameters: readonly {
            readonly name: string;
            readonly schema: Readonly<Record<'minimum' | 'maximum', number>>;
          }[];
        };
      }
    >
  >;
}

describe('an answer that is not what was asked for', () => {
  let server: Server | undefined;
  afterEach(() => void server?.close());

  async function clientOf(answer: RequestListener): Promise<QrngClient> {
    server = createServer(answer).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return new QrngClient({ url: `http://127.0.0.1:${port}`, apiKey: 'key' });
  }

  const json =
    (value: unknown): RequestListener =>
    (_, response) =>
      response.end(JSON.stringify(value));
  const octets =
    (text: string): RequestListener =>
    (_, response) =>
      response.setHeader('content-type', 'application/octet-stream').end(text);
  const failsWith = async (attempt: Promise<unknown>, code: string) => {
    await expect(attempt).rejects.toBeInstanceOf(QrngError);
    await expect(attempt).rejects.toMatchObject({ code });
  };

  test.each([
    ['too few bytes', (c: QrngClient) => c.bytes(5), octets('1234')],
    ['too many bytes', (c: QrngClient) => c.bytes(5), octets('123456')],
    ['a page as long as the bytes', (c: QrngClient) => c.bytes(5), (_, response) => response.end('<ul/>')],
    ['a page for a stream', (c: QrngClient) => c.stream(5).next(), (_, response) => response.end('<ul/>')],
    ['a page of a proxy', (c: QrngClient) => c.integers(), (_, response) => response.end('<html>')],
    ['too few numbers', (c: QrngClient) => c.integers({ count: 2 }), json([1])],
    ['a number out of range', (c: QrngClient) => c.integers({ max: 6 }), json([7])],
    ['text for a number', (c: QrngClient) => c.integers(), json(['1'])],
    ['a number twice', (c: QrngClient) => c.integers({ count: 2, unique: true }), json([1, 1])],
    ['a float of 1', (c: QrngClient) => c.floats(), json([1])],
    ['null for a gaussian', (c: QrngClient) => c.gaussians(), json([null])],
    ['a string too short', (c: QrngClient) => c.strings({ length: 3 }), json(['ab'])],
    [
      'a string of other letters',
      (c: QrngClient) => c.strings({ length: 2, alphabet: 'ab' }),
      json(['a\u001b']),
    ],
    [
      'a UUID of another version',
      (c: QrngClient) => c.uuids({ version: 7 }),
      json(['7d8e1f0a-3c52-4b96-9a07-e1c4d85f2b63']),
    ],
    ['an order with a gap', (c: QrngClient) => c.permutation({ n: 3 }), json([0, 1, 1])],
    ['an object for a list', (c: QrngClient) => c.floats(), json({ length: 1 })],
    ['a list for an object', (c: QrngClient) => c.status(), json([])],
    [
      'a redirect',
      (c: QrngClient) => c.bytes(1),
      (_, response) => response.writeHead(302, { location: '/' }).end(),
    ],
    ['500', (c: QrngClient) => c.bytes(1), (_, response) => response.writeHead(500).end()],
  ] satisfies [string, (c: QrngClient) => Promise<unknown>, RequestListener][])(
    '%s is an error',
    async (_, draw, answer) => {
      await failsWith(draw(await clientOf(answer)), 'unexpected');
    },
  );

  test('one that is cut off gives nothing', async () => {
    const client = await clientOf((_, response) => {
      response.writeHead(200, { 'content-length': 10 }).write('12345', () => response.destroy());
    });
    await failsWith(client.bytes(10), 'unreachable');
  });

  test('a stream that ends early says so', async () => {
    const client = await clientOf(octets('12345'));
    const stream = client.stream(10);
    expect((await stream.next()).value).toHaveLength(5);
    await failsWith(stream.next(), 'unexpected');
  });

  test('an endless error body is read no further than 64 KiB', async () => {
    let gone = false;
    const client = await clientOf((_, response) => {
      response.writeHead(400).once('close', () => (gone = true));
      const write = (): void => {
        while (!gone && response.write('x'.repeat(10_000)));
        response.once('drain', write);
      };
      write();
    });
    await failsWith(client.bytes(10), 'unexpected');
    await until('the connection is given up', () => gone);
  });

  test.each([
    [400, 'invalid'],
    [401, 'unauthorized'],
    [403, 'forbidden'],
    [429, 'limited'],
    [502, 'unavailable'],
    [503, 'unavailable'],
  ])('%d is %s, with what the gateway said and asks for', async (status, code) => {
    const client = await clientOf((_, response) => {
      response.writeHead(status, {
        'content-type': 'application/problem+json; charset=utf-8',
        'retry-after': '7',
        'x-request-id': 'abc',
      });
      response.end(JSON.stringify({ status, detail: 'Reason\u001b[31m.' }));
    });
    await expect(client.bytes(1)).rejects.toMatchObject({
      code,
      status,
      message: 'Reason\uFFFD[31m',
      retryAfterMs: 7000,
      requestId: 'abc',
    });
  });

  test('a kept connection that is closed as a request goes out costs nothing', async () => {
    let requests = 0;
    const client = await clientOf((request, response) => {
      if (++requests === 2) request.socket.destroy();
      else octets('1')(request, response);
    });
    await client.bytes(1);
    expect(await client.bytes(1)).toHaveLength(1);
    expect(requests).toBe(3);
  });
});
