/** node:http and nothing else: bytes from a ring, encoded. What Node itself costs. */
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { fill, port, takeEncoded, tls } from './options.js';

const answer: RequestListener = (request, response) => {
  const url = request.url ?? '';
  if (url === '/fill') {
    fill();
    response.writeHead(204).end();
    return;
  }
  const query = new URLSearchParams(url.slice(url.indexOf('?') + 1));
  const body = takeEncoded(Number(query.get('bytes')), query.get('encoding') ?? 'hex');
  response.writeHead(200, {
    'content-type': typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/octet-stream',
    'content-length': body.length,
  });
  response.end(body);
};

(tls === undefined ? createServer(answer) : createTlsServer(tls, answer)).listen(port, '127.0.0.1');
