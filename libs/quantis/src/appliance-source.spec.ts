import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createAuthority } from '../../../scripts/certificates/authority.js';
import type { Authority } from '../../../scripts/certificates/authority.js';
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
  ])('refuses %j (%s), and fetches again after it', async (fault, code) => {
    const appliance = await simulator({ plan: [fault] });
    const client = source({ url: appliance.url, timeoutMs: 500 });
    await expect(client.fetch(8192)).rejects.toMatchObject({ name: 'SourceError', code });
    expect((await client.fetch(8192)).length).toBe(8192);
    expect(appliance.requests).toBe(2);
  });
});
