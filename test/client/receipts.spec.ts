/**
 * The lottery of docs/receipts.md, as it stands there: appliance, collector, gateway; the organizer draws, and somebody else verifies, with
 * qrng and with Go (QRNG_TEST_GO=yes). Needs `npm run build`.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CollectorProcess, collectorEnvironment } from '../support/collector.js';
import vectors from '../vectors/receipt-vectors.json' with { type: 'json' };
import { describeWith } from '../support/programs.js';
import { startGateway, temporaryFolder, testAuthority } from '../support/gateway.js';
import type { Environment, TestGateway } from '../support/gateway.js';
import { consumerEnvironment, qrng, QRNG } from '../support/qrng-command.js';
import { startAppliance } from '../support/scene.js';
import type { Appliance } from '../support/scene.js';
import { receiptSettings, SigningCollector, signingKey } from '../support/signing-collector.js';
import { until } from '../support/until.js';

const run = promisify(execFile);
const document = readFileSync('docs/receipts.md', 'utf8');
const [drawing = '', verifying = '', withQrng = '', watching = ''] = [
  ...document.matchAll(/^```sh\n([^]*?)^```$/gm),
].map(([, source = '']) => source);

const folder = temporaryFolder();
let appliance: Appliance;
let gateway: TestGateway;
let collector: CollectorProcess;
let env: Environment;

beforeAll(async () => {
  appliance = await startAppliance({});
  gateway = await startGateway(receiptSettings());
  collector = new CollectorProcess(
    await collectorEnvironment({
      QRNG_APPLIANCE_URLS: appliance.simulator.url,
      QRNG_PUSH_URL: `${gateway.url}/push`,
      QRNG_HMAC_SECRET_KEY: gateway.env['QRNG_HMAC_SECRET_KEY'],
      QRNG_SIGNING_KEY: signingKey(),
    }),
  );
  const { publicKey } = await collector.logged('started');
  writeFileSync(join(folder, 'collector.pub'), `${String(publicKey)}\n`);
  writeFileSync(join(folder, 'receipts.pub'), (await gateway.request('/log/public-key')).body);
  env = await consumerEnvironment(gateway);
});
afterAll(async () => {
  await collector.kill();
  await gateway.close();
  await appliance.simulator.close();
});

/** Runs a block of the document; `qrng` is the built command. */
function shell(block: string, others: Environment = {}): Promise<{ stdout: string }> {
  const script = `set -e\nqrng() { '${process.execPath}' '${QRNG}' "$@"; }\n${block}`;
  return run('sh', ['-c', script], { cwd: folder, env: { PATH: process.env['PATH'], ...others } });
}

describeWith(['curl'], 'the lottery of the document', () => {
  test('is drawn, published, and verified by somebody without a key and a gateway', async () => {
    await until('the draw and its receipt, once entropy has come', async () => {
      await shell(drawing, env).catch(() => undefined);
      const outcome = await shell(verifying).catch((error: unknown) => error as { stdout: string });
      return outcome.stdout.endsWith('\nverified\n') && outcome.stdout;
    });
    const { stdout } = await shell(verifying);
    const answer = readFileSync(join(folder, 'answer.json'), 'utf8');
    expect(stdout).toContain(`\nanswer     ${answer}\n`);
    expect(stdout.match(/^\w+ +ok /gm)).toHaveLength(6);
    const numbers = JSON.parse(answer) as number[];
    expect(new Set(numbers).size).toBe(6);
    expect(numbers.every((number) => number >= 1 && number <= 49)).toBe(true);
  });

  test('whose answer was changed is not verified, with exit code 65', async () => {
    const answer = readFileSync(join(folder, 'answer.json'), 'utf8');
    writeFileSync(
      join(folder, 'other.json'),
      answer.replace(/\d/, (digit) => String((Number(digit) + 1) % 10)),
    );
    const other = verifying.replace('answer.json', 'other.json');
    await expect(shell(other)).rejects.toMatchObject({
      code: 65,
      stdout: expect.stringContaining('FAILED  this answer is not the one of the receipt'),
    });
    const missing = verifying.replace('answer.json', 'none.json');
    await expect(shell(missing)).rejects.toMatchObject({ code: 66 });
    const unpinned = verifying.replace('--log-key receipts.pub', '');
    await expect(shell(unpinned)).rejects.toMatchObject({ code: 64 });
  });

  test('as JSON says every step', async () => {
    const { stdout } = await shell(verifying.replace('--draw', '--draw --json'));
    const { verified, steps } = JSON.parse(stdout) as { verified: boolean; steps: { result: string }[] };
    expect(verified).toBe(true);
    expect(steps.every(({ result }) => result === 'passed')).toBe(true);
  });
});

describe('qrng with --receipt', () => {
  const into = (name: string): string => join(folder, name);

  test('draws as the document says, and what it wrote is verified; it never overwrites a receipt', async () => {
    for (const name of ['lottery.tlog-proof', 'answer.json']) rmSync(into(name), { force: true });
    const { stdout } = await shell(withQrng.replace('--unique', '--unique --wait'), env);
    const numbers = stdout.trimEnd().split('\n').map(Number);
    expect(readFileSync(into('answer.json'), 'utf8')).toBe(JSON.stringify(numbers));
    expect((await shell(verifying)).stdout).toMatch(/\nverified\n$/);
    await expect(shell(withQrng, env)).rejects.toMatchObject({
      code: 64,
      stdout: '',
      stderr: expect.stringContaining('lottery.tlog-proof is there already'),
    });
  });

  test('keeps what was drawn to itself, unless told to reveal it', async () => {
    const drawn = await qrng(
      env,
      'bytes',
      '32',
      '--wait',
      '--receipt',
      into('bytes'),
      '--answer',
      into('raw'),
    );
    expect(drawn).toMatchObject({ code: 0, stdout: `${readFileSync(into('raw')).toString('hex')}\n` });
    const verify = `qrng verify bytes --log-key receipts.pub --collector-key collector.pub --answer raw`;
    expect((await shell(verify)).stdout).toMatch(/\nverified\n$/);
    await expect(shell(`${verify} --draw`)).rejects.toMatchObject({
      stdout: expect.stringContaining('FAILED  the receipt reveals no bytes'),
    });
  });

  test.each([
    [['integers', '--mix', '--receipt', 'x'], 'choose one of them'],
    [['integers', '--reveal'], 'go with --receipt'],
    [['bytes', '65537', '--receipt', 'x'], 'at most 65536 bytes'],
    [['password', '--receipt', 'x'], '--receipt'],
    [['uuid', '--receipt', '/absent/x'], 'cannot be made (ENOENT)'],
  ])('is called wrongly: %j', async (args, why) => {
    const { code, stderr } = await qrng(env, ...args);
    expect({ code, stderr }).toEqual({ code: 64, stderr: expect.stringContaining(why) });
    expect(existsSync('x')).toBe(false);
  });

  test('fails where the gateway gives no receipts, and leaves no file', async () => {
    const off = await startGateway();
    await off.fill(10_000);
    const { code, stderr } = await qrng(await consumerEnvironment(off), 'uuid', '--receipt', into('none'));
    expect({ code, stderr }).toEqual({ code: 76, stderr: expect.stringContaining('gives no receipts') });
    expect(existsSync(into('none'))).toBe(false);
    await off.close();
  });
});

describe('somebody who keeps checkpoints', () => {
  const into = (name: string): string => join(folder, name);
  const watch = (log: string): string => watching.replace('https://gateway.example.com:7764', log);

  test('sees that the log only grew, from a receipt on as well as from a checkpoint', async () => {
    const outside = { QRNG_CA_FILE: env['QRNG_CA_FILE'] };
    const first = watch(gateway.url).replace('verify seen', 'verify bytes');
    expect((await shell(first, outside)).stdout).toMatch(/^history +ok .*\nverified, but for/m);
    const before = Number(readFileSync(into('seen'), 'utf8').split('\n')[1]);
    await qrng(env, 'uuid', '--wait', '--receipt', into('one-more'));
    const { stdout } = await shell(watch(gateway.url), outside);
    expect(stdout).toMatch(
      new RegExp(
        `^log        ok      the log gateway\\.example\\.com/receipts has signed this state of ${before} entries\n` +
          `history    ok      the log has ${before + 1} entries now, and begins with the ${before} of this file\nverified\n$`,
      ),
    );
  });

  test('has the proof when a gateway shows another history under the same name and key', async () => {
    const { QRNG_RECEIPTS, QRNG_RECEIPTS_KEY, QRNG_RECEIPTS_ORIGIN } = gateway.env;
    const other = await startGateway({ QRNG_RECEIPTS, QRNG_RECEIPTS_KEY, QRNG_RECEIPTS_ORIGIN });
    const signing = new SigningCollector(other.collector, (packet) => other.push(packet));
    await signing.send(randomBytes(4096));
    const outside = { QRNG_CA_FILE: env['QRNG_CA_FILE'] };
    await expect(shell(watch(other.url), outside)).rejects.toMatchObject({
      code: 65,
      stdout: expect.stringMatching(
        /^history +FAILED +the log shows 0 entries, fewer than the \d+ that it has signed\n/m,
      ),
    });
    const seen = readFileSync(into('seen'), 'utf8');
    for (let i = 0; i < Number(seen.split('\n')[1]); i++) await other.get('/api/uuid', { prefer: 'receipt' });
    await until('the other history is published', async () => {
      const { stdout } = await shell(watch(other.url), outside).catch(
        (error: unknown) => error as { stdout: string },
      );
      return /^history +FAILED .* two histories\n/m.test(stdout);
    });
    expect(readFileSync(into('seen'), 'utf8')).toBe(seen);
    expect(readFileSync(into('seen.conflict'), 'utf8')).toBe((await other.request('/log/checkpoint')).text);
    await other.close();
    await expect(shell(watch(other.url), outside)).rejects.toMatchObject({ code: 69 });
  });
});

if (process.env['QRNG_TEST_GO'] === 'yes') {
  describeWith(['go', 'curl'], 'Go', () => {
    test.each(vectors.good)('verifies the frozen receipt: $name', async ({ receipt }) => {
      const file = join(folder, 'frozen.tlog-proof');
      writeFileSync(file, receipt);
      await run('go', ['run', '.', file, vectors.logKey, vectors.collectorKey], {
        cwd: resolve('test/go/receipt'),
      });
    });

    test('verifies the receipt with its own library, and reads the entry from the tiles with torchwood', async () => {
      const { certificatePem } = await testAuthority();
      writeFileSync(join(folder, 'ca.pem'), certificatePem);
      const key = (name: string): string => readFileSync(join(folder, name), 'utf8').trim();
      const { stdout } = await run(
        'go',
        [
          ...['run', '.', join(folder, 'lottery.tlog-proof'), key('receipts.pub'), key('collector.pub')],
          ...[`${gateway.url}/log`, join(folder, 'ca.pem')],
        ],
        { cwd: resolve('test/go/receipt') },
      );
      const { request } = JSON.parse(stdout) as { request: string };
      expect(request).toBe('GET /api/integers?count=6&max=49&min=1&unique=true');
    }, 300_000);
  });
}
