/**
 * One HTTPS request with a CA of its own: `node fetch.js URL CA-FILE [API-KEY]`. Prints `STATUS BODY`; status 0 when nothing came
 * back. It is started again for each look, and undici takes three times as long to load as node:https.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { get } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';

const PATIENCE_MS = 10_000;

const [url = '', caFile = '', apiKey] = process.argv.slice(2);
const headers: Record<string, string> = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
try {
  const request = get(url, { ca: readFileSync(caFile, 'utf8'), agent: false, timeout: PATIENCE_MS, headers });
  request.once('timeout', () => request.destroy(new Error(`nothing came within ${PATIENCE_MS} ms`)));
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  process.stdout.write(`${response.statusCode ?? 0} ${await text(response)}`);
} catch (error) {
  process.stdout.write(`0 ${error instanceof Error ? error.message : String(error)}`);
}
