/** The status page at / in headless Chromium: what it shows, to whom, and that it asks nobody else. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { TestKeys } from '../support/api-keys.js';
import { describeWithChromium, launchChromium } from '../support/chromium.js';
import { startGateway, temporaryFolder } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';

/** The picture of README is taken again on demand only, with some minutes of flow in it: tests change nothing. */
const isForReadme = process.env['QRNG_UPDATE_SCREENSHOTS'] === 'yes';
const FOLDER = isForReadme ? 'docs/images' : temporaryFolder();
const AXE = readFileSync('node_modules/axe-core/axe.min.js', 'utf8');

const keys = new TestKeys({ all: { scopes: ['random', 'status'] }, random: {} });

describeWithChromium('the status page', () => {
  let browser: Browser;
  let gateway: TestGateway;
  const complaints: string[] = [];
  const elsewhere: string[] = [];

  beforeAll(async () => {
    browser = await launchChromium();
    gateway = await startGateway({ QRNG_API_KEYS_FILE: keys.path, QRNG_BUFFER_SIZE: '1000000' });
    await gateway.fill(420_000);
    await gateway.push(
      gateway.collector.heartbeat({
        sources: [
          { name: 'qrng-a.example.com', up: true, state: 'up', bytes: 81_000_000, healthFailures: {} },
          {
            name: 'qrng-b.example.com',
            up: false,
            state: 'intermittent',
            bytes: 500,
            healthFailures: { rct: 2 },
          },
        ],
        mixing: {
          up: false,
          state: 'up',
          sourcesUp: 1,
          minimum: 2,
          quarantines: 0,
          healthFailures: {},
        },
      }),
    );
  }, 120_000);
  afterAll(async () => {
    await browser.close();
    await gateway.close();
  });

  async function open(
    options: { width?: number; dark?: boolean; bypassCSP?: boolean; key?: string } = {},
  ): Promise<Page> {
    const { width = 1280, dark = false, bypassCSP = false, key } = options;
    const context = await browser.newContext({
      ignoreHTTPSErrors: true,
      viewport: { width, height: 900 },
      colorScheme: dark ? 'dark' : 'light',
      bypassCSP,
    });
    const page = await context.newPage();
    page.on('console', (message) => {
      if (message.type() !== 'error' || !message.text().includes('403')) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => {
      if (!request.url().startsWith(gateway.url) && !request.url().startsWith('data:')) {
        elsewhere.push(request.url());
      }
    });
    await page.goto(`${gateway.url}/${key === undefined ? '' : `#key=${key}`}`);
    if (key !== undefined) await page.waitForSelector('#sources tr');
    return page;
  }

  /** Lets entropy come and go for as long as the chart shows. */
  async function flow(): Promise<void> {
    for (let second = 0; second < 300; second++) {
      await gateway.fill(Math.round(5000 + 2000 * Math.sin(second / 30)));
      await gateway.get(`/api/random?bytes=${second % 60 < 25 ? 7000 : 2500}`, keys.bearer('all'));
      await setTimeout(1000);
    }
  }

  test('is open, one document, under a policy that allows its own script and style alone', async () => {
    const { status, headers, text } = await gateway.request('/');
    expect([status, headers['content-type'], headers['cache-control']]).toEqual([
      200,
      'text/html; charset=utf-8',
      'no-store',
    ]);
    const policy = String(headers['content-security-policy']);
    expect(policy).toMatch(
      /^default-src 'none'; script-src 'sha256-[^ ]+'; style-src 'sha256-[^ ]+'; img-src data:; connect-src 'self';/,
    );
    expect(policy).not.toContain('unsafe');
    expect(text).not.toMatch(/https?:\/\/|<link[^>]+stylesheet|<script[^>]+src/);
    expect(text.length).toBeLessThan(30_000);
  });

  test('asks for a key, and shows pool, flow, sources with their health tests, and warnings in words', async () => {
    const page = await open();
    await page.getByLabel('API key').fill(keys.key('all'));
    await page.keyboard.press('Enter');
    await page.waitForSelector('#sources tr');
    expect(await page.textContent('#percent')).toBe('42');
    expect(await page.textContent('#state')).toBe('Ready to serve');
    expect(await page.locator('#sources tr').allTextContents()).toEqual([
      'collector-1qrng-a.example.com✓ upno failures81.0 MB',
      'collector-1qrng-b.example.com✗ intermittentrct failed 2×500 B',
      'collector-1mixture✗ not mixed: 1 of 2 sources up, 2 neededno failures',
    ]);
    expect(await page.locator('#warning-list li').allTextContents()).toContain(
      'Collector collector-1 does not use its source qrng-b.example.com (intermittent).',
    );
    expect(await page.textContent('#curl')).toContain(`"${gateway.url}/api/random?bytes=32"`);
    await page.context().close();
  }, 60_000);

  test('opens by itself with a key in the fragment, which then is gone, and draws what the gateway serves', async () => {
    const page = await open({ key: keys.key('all') });
    expect(page.url()).toBe(`${gateway.url}/`);
    await page.locator('#line-in[d*="L"]').waitFor({ state: 'attached' });
    await page.click('#draw');
    await page.locator('#drawn', { hasText: /^[0-9a-f]{64}$/ }).waitFor();
    if (isForReadme) await flow();
    await page.screenshot({ path: join(FOLDER, 'status-page.png') });
    await page.context().close();
  }, 400_000);

  test('says what a key lacks, and asks again', async () => {
    const page = await open();
    await page.fill('#key', keys.key('random'));
    await page.click('#entry button');
    await page.locator('#problem', { hasText: 'lacks the scope status' }).waitFor();
    expect(await page.isVisible('#board')).toBe(false);
    await page.context().close();
  }, 60_000);

  test.each([
    [390, false],
    [390, true],
    [1280, false],
    [1920, true],
  ])(
    'fits %i px (dark: %p), and axe finds nothing, with the form and with the board',
    async (width, dark) => {
      for (const key of [undefined, keys.key('all')]) {
        // axe is put into the page, which its own policy would not allow.
        const page = await open({ width, dark, bypassCSP: true, ...(key === undefined ? {} : { key }) });
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
        await page.evaluate(AXE);
        const { violations } = await page.evaluate<{ violations: { id: string }[] }>('axe.run()');
        expect(violations.map(({ id }) => id)).toEqual([]);
        await page.context().close();
      }
    },
    60_000,
  );

  test('asks nobody else, and breaks none of its rules', () => {
    expect(elsewhere).toEqual([]);
    expect(complaints).toEqual([]);
  });
});
