/** `npm run assess`: what it captures of a source, what it has NIST's tools do, and what its report says. */
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { numberIn } from '../tools/assess/estimate.js';
import { testAuthority, temporaryFolder } from './support/gateway.js';
import { runTool } from './support/run-tool.js';
import type { Outcome } from './support/run-tool.js';
import { startAppliance } from './support/scene.js';
import type { Appliance } from './support/scene.js';

const folder = temporaryFolder();
const caFile = join(folder, 'ca.pem');
const tools = join(folder, 'tools');
let appliance: Appliance;

beforeAll(async () => {
  writeFileSync(caFile, (await testAuthority()).certificatePem);
  appliance = await startAppliance({});
  // NIST's tools are in no package. These print the lines of theirs that are read, and how they were called.
  mkdirSync(tools);
  const tool = (name: string, text: string): void =>
    writeFileSync(join(tools, name), `#!/bin/sh\necho "$0 $*"\n${text}\n`, { mode: 0o755 });
  tool('ea_non_iid', 'echo "H_original: 7.902"; echo "min(H_original, 8 X H_bitstring): 7.5"');
  tool('ea_restart', 'echo "Restart Sanity Check Passed..."; echo "min(H_r, H_c, H_I): 7.25"');
});
afterAll(() => appliance.simulator.close());

const assess = (name: string, args: readonly string[] = [], path = ''): Promise<Outcome> =>
  runTool('assess', ['--out', join(folder, name), '--samples', '100000', '--restarts', '20', ...args], {
    QRNG_APPLIANCE_URLS: appliance.simulator.url,
    QRNG_APPLIANCE_CA_FILE: caFile,
    PATH: path,
  });

describe('an assessment', () => {
  test('captures samples in a row, and rows after a new connection each, readable for nobody else', async () => {
    const [connections, given] = [appliance.simulator.connections, appliance.given().length];
    const { code, stdout } = await assess('captured');
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('not installed') });
    const sequential = readFileSync(join(folder, 'captured', 'sequential.bin'));
    const restarts = readFileSync(join(folder, 'captured', 'restarts.bin'));
    expect([sequential.length, restarts.length]).toEqual([100_000, 400]);
    expect(Buffer.concat([sequential, restarts]).equals(appliance.given().subarray(given))).toBe(true);
    expect(appliance.simulator.connections - connections).toBe(21);
    expect(statSync(join(folder, 'captured')).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, 'captured', 'sequential.bin')).mode & 0o777).toBe(0o600);
  });

  test("has NIST's tools estimate them, and says what that does not prove", async () => {
    const { code, stdout } = await assess('estimated', ['--json', '1'], tools + ':/bin:/usr/bin');
    expect(code).toBe(0);
    const report = JSON.parse(stdout) as { source: string; estimates: unknown; limits: string[] };
    expect(report).toEqual(JSON.parse(readFileSync(join(folder, 'estimated', 'report.json'), 'utf8')));
    expect(report.source).toBe(new URL(appliance.simulator.url).host);
    expect(report.estimates).toEqual([
      { tool: 'ea_non_iid', outcome: 'estimated', minEntropy: 7.5 },
      { tool: 'ea_restart', outcome: 'estimated', minEntropy: 7.25 },
    ]);
    expect(report.limits.join(' ')).toContain('conditioned output');
    expect(readFileSync(join(folder, 'estimated', 'report.md'), 'utf8')).toContain(
      '| ea_restart | estimated | 7.25 |',
    );
    const called = readFileSync(join(folder, 'estimated', 'ea_restart.txt'), 'utf8');
    expect(called).toMatch(/ea_restart -n -v \S+\/restarts\.bin 8 7\.5\n/);
  });

  test.each([
    ['a folder that is there', ['--out', folder], 73, /names a folder that is not there yet/],
    ['a source that has no such number', ['2'], 64, /Which source\?/],
    ['what is no source', ['http://elsewhere.example/'], 78, /A source is https/],
    ['a number that is none', ['--samples', 'many'], 64, /Numbers are 2 to/],
    [
      'a source that does not answer',
      ['https://127.0.0.1:9/'],
      69,
      /did not give all bytes: .*\(connection\)/,
    ],
  ])('is refused with %s', async (name, args, code, message) => {
    const outcome = await assess(name.replaceAll(' ', '-'), args);
    expect(outcome).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(message) });
  });
});

test.each([
  ['min(H_original, 8 X H_bitstring): 7.865382\n', 7.865382],
  ['H_original: 7.1\nmin(H_original, 8 X H_bitstring): 7\n\nmin(H_r, H_c, H_I): 6.5\n', 6.5],
  ['H_original: 7.865382\n', undefined],
  ['*** Restart Sanity Check Failed ***\nmin(H_r, H_c, H_I): 7.5\n', undefined],
  ['', undefined],
])('the estimate in %j is %p', (output, expected) => {
  expect(numberIn(output)).toBe(expected);
});
