/** The receipt page at /receipts in headless Chromium: it verifies what qrng verifies, finds what was changed, and sends nothing. */
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { describeWithChromium, launchChromium } from '../support/chromium.js';
import { FORGED_ANSWER, FORGED_KEYS, FORGERIES, UNFORGED_RECEIPT } from '../support/forged-receipts.js';
import { startGateway, temporaryFolder } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { receiptSettings, SigningCollector } from '../support/signing-collector.js';
import { until } from '../support/until.js';

const AXE = readFileSync('node_modules/axe-core/axe.min.js', 'utf8');

describeWithChromium('the receipt page', () => {
  let browser: Browser;
  let gateway: TestGateway;
  let receipt: string;
  let answer: string;
  let logKey: string;
  let collectorKey: string;
  const complaints: string[] = [];
  const requests: string[] = [];

  beforeAll(async () => {
    browser = await launchChromium();
    gateway = await startGateway(receiptSettings());
    const collector = new SigningCollector(gateway.collector, (packet) => gateway.push(packet));
    for (let i = 0; i < 7; i++) await collector.send(randomBytes(20));
    await collector.state();
    for (let i = 0; i < 5; i++) await gateway.get('/api/uuid?receipt=true');
    const drawn = await gateway.get('/api/integers?count=6&min=1&max=49&unique=true&receipt=full');
    answer = drawn.text;
    receipt = await until('the receipt is whole', async () => {
      const { text } = await gateway.get(`/api/receipts/${String(drawn.headers['qrng-receipt'])}`);
      return text.length > 1000 && text;
    });
    logKey = (await gateway.request('/log/public-key')).text;
    collectorKey = collector.publicKey;
  }, 120_000);
  afterAll(async () => {
    await browser.close();
    await gateway.close();
  });

  async function open(options: { dark?: boolean; bypassCSP?: boolean } = {}): Promise<Page> {
    const { dark = false, bypassCSP = false } = options;
    const context = await browser.newContext({
      ignoreHTTPSErrors: true,
      viewport: { width: 1000, height: 1100 },
      colorScheme: dark ? 'dark' : 'light',
      bypassCSP,
    });
    const page = await context.newPage();
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => {
      if (!request.url().startsWith('data:')) requests.push(request.url());
    });
    await page.goto(`${gateway.url}/receipts`);
    return page;
  }

  async function verify(
    page: Page,
    fields: Record<string, string>,
  ): Promise<{ state: string; steps: string[] }> {
    for (const [id, value] of Object.entries(fields)) await page.fill(`#${id}`, value);
    await page.evaluate("document.getElementById('outcome').hidden = true");
    await page.click('button');
    await page.waitForSelector('#outcome:not([hidden])');
    const steps = await page.locator('#steps li').allTextContents();
    return { state: (await page.textContent('#state')) ?? '', steps };
  }

  /** What the page says of each file, with two functions of its own: those that a dropped file and the button run. */
  function statesOf(page: Page, files: string[]): Promise<string[]> {
    return page.evaluate<string[]>(
      `(async (files) => {
        const states = [];
        for (const file of files) {
          await choose(new Blob([file]));
          await verify();
          states.push(document.getElementById('state').textContent);
        }
        return states;
      })(${JSON.stringify(files)})`,
    );
  }

  const all = (): Record<string, string> => ({
    receipt,
    answer,
    'log-key': logKey.trim(),
    'collector-key': collectorKey,
  });

  test('verifies a receipt step by step, and says what was not checked', async () => {
    const page = await open();
    const whole = await verify(page, all());
    expect(whole.state).toBe('Verified');
    expect(whole.steps).toHaveLength(5);
    expect(whole.steps.every((step) => step.startsWith('ok '))).toBe(true);
    expect(await page.textContent('#about')).toContain('GET /api/integers?count=6&max=49&min=1&unique=true');
    const part = await verify(page, { ...all(), answer: '', 'collector-key': '' });
    expect(part.state).toBe('Verified, but for what was not checked');
    await page.screenshot({
      path: join(process.env['QRNG_SCREENSHOTS'] ?? temporaryFolder(), 'receipt-page.png'),
    });
  });

  test('takes the answer as qrng prints a list, and says of which log or collector a receipt is', async () => {
    const page = await open();
    const printed = `${(JSON.parse(answer) as number[]).join('\n')}\n`;
    expect((await verify(page, { ...all(), answer: printed })).state).toBe('Verified');
    expect(await page.evaluate('document.activeElement.id')).toBe('outcome');
    const others = { 'log-key': collectorKey, 'collector-key': logKey.trim() };
    const { steps } = await verify(page, { ...all(), ...others });
    const [log = '', collector = ''] = [logKey.split('+')[0], collectorKey.split('+')[0]];
    expect(steps.filter((step) => step.startsWith('failed'))).toEqual(
      [log, collector].map((name) => `failed the receipt is of ${name}, and none of the keys given here is`),
    );
  });

  test('says of what is no receipt, or too long for one, what it is', async () => {
    const page = await open();
    const why = async (): Promise<string[]> => page.locator('#steps li').allTextContents();
    await verify(page, { ...all(), receipt: '{"a":1}' });
    expect(await why()).toEqual([
      'failed this is no receipt: the first line of one is c2sp.org/tlog-proof@v1',
    ]);
    await page.evaluate("choose(new File([new Uint8Array(5e6)], 'photo.jpg'))");
    expect(await why()).toEqual(['failed the file photo.jpg is longer than any receipt']);
    expect(await page.inputValue('#receipt')).toBe('');
  });

  test('takes a file, too', async () => {
    const page = await open();
    const file = join(temporaryFolder(), 'draw.tlog-proof');
    writeFileSync(file, receipt);
    await page.setInputFiles('#file', file);
    await page.waitForFunction("document.getElementById('receipt').value !== ''");
    const others = Object.entries(all()).filter(([id]) => id !== 'receipt');
    expect((await verify(page, Object.fromEntries(others))).state).toBe('Verified');
  });

  test('finds a change in the receipt, the answer and each key', async () => {
    const page = await open();
    const at = (text: string, from: number): string =>
      text.slice(0, from) + (text[from] === 'A' ? 'B' : 'A') + text.slice(from + 1);
    const lines = receipt.split('\n');
    const starts = lines.map((_, i) => lines.slice(0, i).reduce((sum, line) => sum + line.length + 1, 0));
    const places = lines.flatMap((line, i) =>
      line.length > 20 ? [10, 14, Math.floor(line.length / 2)].map((in_) => (starts[i] ?? 0) + in_) : [],
    );
    await verify(page, all());
    const states = await statesOf(page, [receipt, ...places.map((place) => at(receipt, place))]);
    expect(states).toEqual(['Verified', ...places.map(() => 'Not verified')]);
    for (const [field, value] of [
      ['answer', answer.replace('[', '[ ')],
      ['log-key', at(logKey.trim(), logKey.length - 10)],
      ['collector-key', at(collectorKey, collectorKey.length - 10)],
    ] as const) {
      expect((await verify(page, { ...all(), [field]: value })).state).toBe('Not verified');
    }
  });

  test('refuses as a file each forgery that qrng verify refuses', async () => {
    const page = await open();
    await verify(page, {
      ...{ 'log-key': FORGED_KEYS.log, 'collector-key': FORGED_KEYS.collector },
      ...{ receipt: UNFORGED_RECEIPT, answer: FORGED_ANSWER },
    });
    const states = await statesOf(page, [UNFORGED_RECEIPT, ...FORGERIES.map(({ receipt: one }) => one)]);
    const taken = FORGERIES.filter(({ onlyByDraw }, i) => !onlyByDraw && states[i + 1] !== 'Not verified');
    expect([states[0], taken.map(({ name }) => name)]).toEqual(['Verified', []]);
  });

  test.each([false, true])('is accessible (dark: %s)', async (dark) => {
    const page = await open({ dark, bypassCSP: true });
    await verify(page, all());
    await page.evaluate(AXE);
    const found = await page.evaluate<{ violations: { id: string; nodes: object[] }[] }>('axe.run()');
    expect(found.violations.map(({ id, nodes }) => ({ id, nodes }))).toEqual([]);
  });

  test('is one document, sends nothing, and its policy would not let it', async () => {
    const { headers } = await gateway.request('/receipts');
    expect(String(headers['content-security-policy'])).toMatch(
      /^default-src 'none'; script-src 'sha256-[^;]+'; style-src 'sha256-[^;]+'; img-src data:; connect-src 'none'/,
    );
    expect(new Set(requests)).toEqual(new Set([`${gateway.url}/receipts`]));
    expect(complaints).toEqual([]);
  });
});
