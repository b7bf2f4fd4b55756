/** Draws all that a gateway has: `node draw.js URL CA-FILE API-KEY FILE`. The last draws are smaller; what comes goes into FILE. */
import { readFileSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'undici';

const [url = '', caFile = '', apiKey = '', file = ''] = process.argv.slice(2);
const headers = { authorization: `Bearer ${apiKey}` };
const dispatcher = new Agent({ connect: { ca: readFileSync(caFile, 'utf8') } });
const drawn: Buffer[] = [];
for (let size = 65_536; size >= 1;) {
  const path = `${url}/api/random?bytes=${size}&encoding=binary`;
  const { statusCode, body } = await request(path, { dispatcher, headers });
  const bytes = Buffer.from(await body.arrayBuffer());
  if (statusCode === 200) drawn.push(bytes);
  else if (statusCode === 503) size = Math.floor(size / 2);
  else throw new Error(`${statusCode} ${bytes.toString()}`);
}
writeFileSync(file, Buffer.concat(drawn));
await dispatcher.destroy();
