import { once } from 'node:events';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import { isWhole, writeAnswer } from './answer.js';

const ALL_BYTES = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
const LARGE = Buffer.concat(Array.from({ length: 100 }, () => ALL_BYTES));

/** Bodies by their path. */
const BODIES: Readonly<Record<string, string | Buffer>> = {
  empty: '',
  ascii: '{"a":1}',
  latin: 'Zürich, ÿ',
  unicode: '漢字 and 🎲',
  'long-ascii': 'a'.repeat(50_000),
  'long-unicode': 'ä'.repeat(50_000),
  bytes: ALL_BYTES,
  'large-bytes': LARGE,
};

describe('writeAnswer', () => {
  let app: FastifyInstance;
  let url: string;

  beforeAll(async () => {
    app = Fastify();
    app.addHook('onSend', (_request, reply, payload, done) => {
      if (isWhole(reply, payload)) writeAnswer(reply, payload, ['x-common', 'a', 'x-other', 'b']);
      else done();
    });
    for (const [path, body] of Object.entries(BODIES)) {
      app.get(`/${path}`, (_request, reply) => {
        void reply.header('x-one', '1').send(Buffer.isBuffer(body) ? Buffer.from(body) : body);
      });
    }
    app.get('/nothing', (_request, reply) => void reply.code(204).send());
    url = await app.listen({ host: '127.0.0.1', port: 0 });
  });
  afterAll(() => app.close());

  it.each(Object.keys(BODIES))('sends the body whole, byte by byte: %s', async (path) => {
    const answer = await fetch(`${url}/${path}`);
    const expected = Buffer.from(BODIES[path] ?? '');
    expect(Buffer.from(await answer.arrayBuffer()).equals(expected)).toBe(true);
    expect(answer.headers.get('content-length')).toBe(String(expected.length));
    expect(answer.headers.get('x-one')).toBe('1');
    expect([answer.headers.get('x-common'), answer.headers.get('x-other')]).toEqual(['a', 'b']);
  });

  it('answers HEAD with the length of the body, and without it', async () => {
    const { port } = app.server.address() as AddressInfo;
    const socket = connect({ host: '127.0.0.1', port });
    socket.write('HEAD /bytes HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    let text = '';
    socket.setEncoding('latin1').on('data', (chunk) => (text += String(chunk)));
    await once(socket, 'close');
    expect(text).toMatch(/\r\ncontent-length: 256\r\n/);
    expect(text.endsWith('\r\n\r\n')).toBe(true);
  });

  it('leaves an answer that has no body to Fastify', async () => {
    const answer = await fetch(`${url}/nothing`);
    expect(answer.status).toBe(204);
    expect(answer.headers.get('content-length')).toBeNull();
  });
});
