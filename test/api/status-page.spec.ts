/** The status page at / in headless Chromium: what it shows, to whom, and that it asks nobody else. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page, Route } from 'playwright-core';
import { TestKeys } from '../support/api-keys.js';
import { describeWithChromium, launchChromium } from '../support/chromium.js';
import { startGateway, temporaryFolder } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { until } from '../support/until.js';

/** What the tests change in an answer of /api/status on its way to the page. */
interface Status {
  startedAt: string;
  totals: { receivedBytes: number; servedBytes: number };
  collectors: {
    name: string;
    secondsSinceLastPacket: number;
    sources: { name: string }[];
  }[];
}

/** A moment at which the clock of a page stands still. */
const NOON = Date.parse('2026-12-01T12:00:00Z');

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

  interface Options {
    width?: number;
    dark?: boolean;
    bypassCSP?: boolean;
    key?: string;
    /** With a clock that stands still. */
    still?: boolean;
    /** What becomes of the page's requests for the status. */
    answer?: (route: Route) => Promise<void>;
  }

  async function open(options: Options = {}): Promise<Page> {
    const { width = 1280, dark = false, bypassCSP = false, still = false, key, answer } = options;
    const context = await browser.newContext({
      ignoreHTTPSErrors: true,
      viewport: { width, height: 960 },
      colorScheme: dark ? 'dark' : 'light',
      bypassCSP,
    });
    const page = await context.newPage();
    if (still) await page.clock.install({ time: NOON });
    if (still) await page.clock.pauseAt(NOON + 1000);
    if (answer !== undefined) await page.route('**/api/status', answer);
    page.on('console', (message) => {
      if (!message.text().startsWith('Failed to load resource')) complaints.push(message.text());
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

  /** The gateway's own answer, changed. */
  function changed(change: (status: Status) => void): (route: Route) => Promise<void> {
    return async (route) => {
      const response = await route.fetch();
      if (!response.ok()) return route.fulfill({ response });
      const status = (await response.json()) as Status;
      change(status);
      return route.fulfill({ response, json: status });
    };
  }

  /** Two seconds later, once the page has shown what `text` says. */
  async function later(page: Page, selector: string, text: string | RegExp, seconds = 2): Promise<void> {
    await page.clock.runFor(seconds * 1000);
    await page.locator(selector, { hasText: text }).waitFor();
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
    expect(await page.evaluate('document.activeElement.id')).toBe('board');
    expect(await page.textContent('#percent')).toBe('42');
    expect(await page.textContent('#state')).toBe('Ready, with 2 warnings');
    expect(await page.locator('#sources tr').allTextContents()).toEqual([
      'qrng-a.example.comcollector-1✓ upno failures81.0 MB',
      'qrng-b.example.comcollector-1✗ intermittentrct failed 2×500 B',
      'mixturecollector-1✗ not mixed: 1 of 2 sources up, 2 neededno failures',
    ]);
    expect(await page.textContent('#sources-up')).toBe('1 of 2 up');
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

  test('draws the flow by the counters of the gateway, and begins a new line when it has restarted', async () => {
    const now = { startedAt: '2026-12-01T11:00:00.000Z', receivedBytes: 1_000_000, servedBytes: 500_000 };
    const page = await open({
      ...{ key: keys.key('all'), still: true },
      answer: changed((status) => {
        const { startedAt, ...totals } = now;
        Object.assign(status, { startedAt, totals });
      }),
    });
    now.receivedBytes += 20_000;
    now.servedBytes += 6000;
    await later(page, '#in', '10.0 kB/s');
    expect(await page.textContent('#out')).toBe('3.0 kB/s');
    now.receivedBytes += 60_000;
    await later(page, '#in', '20.0 kB/s'); // 80 kB in the last 4 s
    Object.assign(now, { startedAt: '2026-12-01T12:00:03.000Z', receivedBytes: 10, servedBytes: 0 });
    await later(page, '#updated', '12:00:07');
    now.receivedBytes += 2000;
    await later(page, '#in', '1.0 kB/s');
    const lines = await page.getAttribute('#line-in', 'd');
    expect(lines).toMatch(/^M[\d.]+ [\d.]+L[\d.]+ [\d.]+M[\d.]+ [\d.]+$/); // nothing is negative
    expect(await page.textContent('#top')).toBe('20 kB/s');
    await page.context().close();
  }, 60_000);

  test('says that the gateway does not answer and that what is shown is old, until it does', async () => {
    let gone = false;
    const answer = (route: Route): Promise<void> => (gone ? route.abort() : route.continue());
    const page = await open({ key: keys.key('all'), still: true, answer });
    gone = true;
    await later(page, '#state', 'No answer');
    expect(await page.locator('#warning-list li').allTextContents()).toEqual([
      'The gateway does not answer. Trying again every 2 s.',
      expect.stringMatching(/^What is shown below is from .*12:00:01/),
    ]);
    expect(await page.getAttribute('#board', 'class')).toBe('stale');
    gone = false;
    await later(page, '#state', 'Ready, with');
    expect(await page.getAttribute('#board', 'class')).toBe('');
    await page.context().close();
  }, 60_000);

  test('asks no sooner than a refusal allows, also when it comes into sight again', async () => {
    let asked = 0;
    const page = await open({
      ...{ key: keys.key('all'), still: true },
      answer: async (route) => {
        asked += 1;
        if (asked !== 2) return route.continue();
        const problem = { detail: 'Too many requests with this key.' };
        return route.fulfill({ status: 429, headers: { 'retry-after': '60' }, json: problem });
      },
    });
    await later(page, '#state', 'Asked too often');
    expect(await page.textContent('#warning-list')).toMatch(
      /^Too many requests with this key\. Next try at .*12:01:03/,
    );
    await page.clock.runFor(58_000);
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
    expect(asked).toBe(2);
    await later(page, '#state', 'Ready, with');
    expect(asked).toBe(3);
    await page.context().close();
  }, 60_000);

  test('asks for another key when this one is revoked, and is not fooled by the state of a silent collector', async () => {
    const page = await open({
      key: keys.key('all'),
      answer: changed(({ collectors }) => {
        for (const collector of collectors) collector.secondsSinceLastPacket = 600;
      }),
    });
    expect(await page.locator('#sources td:nth-child(2)').allTextContents()).toEqual(
      Array.from({ length: 3 }, () => '✗ collector silent for 10 min'),
    );
    keys.write({ random: {} });
    await page.locator('#problem', { hasText: 'unknown, has expired or was revoked' }).waitFor();
    expect([await page.isVisible('#board'), await page.isVisible('#key')]).toEqual([false, true]);
    keys.write({ all: { scopes: ['random', 'status'] }, random: {} });
    await until('the key is back', async () => {
      return (await gateway.request('/api/status', { headers: keys.bearer('all') })).status === 200;
    });
    await page.fill('#key', keys.key('all'));
    await page.keyboard.press('Enter');
    await page.waitForSelector('#board:not([hidden])');
    await page.context().close();
  }, 60_000);

  test('says what a key lacks, and what cannot be a key, and asks again', async () => {
    const page = await open();
    await page.fill('#key', 'schlüssel');
    await page.click('#entry button');
    await page.locator('#problem', { hasText: 'This is no API key' }).waitFor();
    await page.fill('#key', keys.key('random'));
    await page.click('#entry button');
    await page.locator('#problem', { hasText: 'lacks the scope status' }).waitFor();
    expect(await page.isVisible('#board')).toBe(false);
    await page.context().close();
  }, 60_000);

  test.each([
    [320, true],
    [390, false],
    [1280, false],
    [1920, true],
  ])(
    'fits %i px (dark: %p), and axe finds nothing, with the form and with the board',
    async (width, dark) => {
      const crowd = changed((status) => {
        const [one] = status.collectors;
        status.collectors = Array.from({ length: 8 }, (_, i) => ({
          ...(one ?? { secondsSinceLastPacket: 0, sources: [] }),
          name: `collector-${'x'.repeat(4)}${i + 10}`,
          sources: (one?.sources ?? []).map((source, j) => ({ ...source, name: `${'n'.repeat(63)}${j}` })),
        }));
      });
      for (const board of [{}, { key: keys.key('all'), answer: crowd }]) {
        // axe is put into the page, which its own policy would not allow.
        const page = await open({ width, dark, bypassCSP: true, ...board });
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
