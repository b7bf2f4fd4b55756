/**
 * Clients that draw 32 bytes again and again, on connections that stay and on new ones, as a program of its own: node load.js URL
 * CA-FILE KEY-FILE. The key is read anew for each request. Each second, and at the end (SIGTERM), a line of JSON has the counts so far.
 */
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { clearInterval, setInterval } from 'node:timers';
import { setTimeout } from 'node:timers/promises';
import { Agent, request } from 'undici';

const [url, caFile, keyFile] = process.argv.slice(2);
const ca = readFileSync(caFile, 'utf8');
const kept = new Agent({ connect: { ca }, connections: 2, pipelining: 1 });
const fresh = new Agent({ connect: { ca, maxCachedSessions: 0 }, pipelining: 0 });
const seen = new Set();
const counts = { answered: 0, twice: 0, failures: [] };
let stopping = false;

async function work(dispatcher) {
  while (!stopping) {
    const authorization = `Bearer ${readFileSync(keyFile, 'utf8').trim()}`;
    try {
      const { statusCode, body } = await request(`${url}/api/random?bytes=32`, {
        dispatcher,
        headers: { authorization },
      });
      const text = await body.text();
      if (statusCode !== 200) counts.failures.push(`${statusCode} ${text.slice(0, 200)}`);
      else if (seen.has(text)) counts.twice++;
      else counts.answered++;
      seen.add(text);
    } catch (error) {
      counts.failures.push(String(error));
    }
    await setTimeout(5);
  }
}

const print = () => process.stdout.write(`${JSON.stringify(counts)}\n`);
const timer = setInterval(print, 1000);
process.once('SIGTERM', () => (stopping = true));
await Promise.all([work(kept), work(kept), work(fresh), work(fresh)]);
clearInterval(timer);
print();
await Promise.all([kept.destroy(), fresh.destroy()]);
