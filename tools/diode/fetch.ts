/** One HTTPS request with a CA of its own: `node fetch.js URL CA-FILE [API-KEY]`. Prints `STATUS BODY`. */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'undici';

const [url = '', caFile = '', apiKey] = process.argv.slice(2);
const headers: Record<string, string> = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
const dispatcher = new Agent({
  connect: { ca: readFileSync(caFile, 'utf8'), rejectUnauthorized: true, timeout: 2000 },
});
try {
  const { statusCode, body } = await request(url, { dispatcher, headers });
  process.stdout.write(`${statusCode} ${await body.text()}`);
} catch (error) {
  process.stdout.write(`0 ${error instanceof Error ? error.message : String(error)}`);
}
await dispatcher.destroy();
