import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { describeWithChromium, launchChromium } from '../support/chromium.js';
import { startGateway, temporaryFolder } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';

/** The picture of the manual is taken again on demand only: tests change nothing. */
const FOLDER = process.env['QRNG_UPDATE_SCREENSHOTS'] === 'yes' ? 'docs/images' : temporaryFolder();

const AXE = readFileSync('node_modules/axe-core/axe.min.js', 'utf8');

/** So high that nothing scrolls, and the picture is what it shows down to the answer. */
const [WIDTH, HEIGHT] = [1100, 6000];

describeWithChromium('Swagger UI in headless Chromium', () => {
  let browser: Browser;
  let gateway: TestGateway;
  let page: Page;
  /** What the page complained of, breaches of its content security policy among it. */
  const complaints: string[] = [];
  /** Requests to anything but the gateway. */
  const elsewhere: string[] = [];

  beforeAll(async () => {
    browser = await launchChromium();
    gateway = await startGateway({
      QRNG_API_KEY: 'the-key-that-your-operator-gave-you',
      QRNG_RATE_LIMIT_MAX: '100',
      QRNG_RATE_LIMIT_BURST: '20',
    });
    await gateway.fill(10_000);
    // The certificate is of the tests' own CA, which the browser does not know.
    page = await browser.newPage({ ignoreHTTPSErrors: true, viewport: { width: WIDTH, height: HEIGHT } });
    page.setDefaultTimeout(100_000);
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(gateway.url) && !url.startsWith('data:')) elsewhere.push(url);
    });
  });
  afterAll(async () => {
    await browser.close();
    await gateway.close();
  });

  test('shows every operation under its content security policy', async () => {
    const response = await page.goto(`${gateway.url}/docs`);
    expect(response?.headers()['content-security-policy']).toContain("default-src 'none'");
    await page.waitForSelector('#operations-entropy-getRandom');
    const { paths } = JSON.parse((await gateway.request('/docs-json')).text) as { paths: object };
    const operations = Object.values(paths).flatMap((path: object) => Object.keys(path));
    expect(operations.length).toBeGreaterThanOrEqual(15);
    expect(await page.locator('.opblock').count()).toBe(operations.length);
  });

  test('shows the name of the product, the guide, every bound and code samples', async () => {
    expect((await page.locator('.qrng-bar strong').textContent())?.trim()).toBe('QRNG-DD');
    expect(await page.locator('img[alt*=Swagger], .topbar-wrapper').count()).toBe(0);
    const guide = await page.locator('.qrng-bar a', { hasText: 'Guide' }).getAttribute('href');
    expect((await gateway.request(guide ?? '')).text).toBe(readFileSync('docs/api.md', 'utf8'));
    await page.click('#operations-entropy-getIntegers .opblock-summary-control');
    const operation = page.locator('#operations-entropy-getIntegers');
    await operation.locator('.parameters', { hasText: 'maximum: 1000' }).first().waitFor();
    expect(await operation.locator('.qrng-sample summary').allTextContents()).toEqual([
      'curl',
      'Python',
      'JavaScript',
    ]);
    await operation.locator('.qrng-sample summary').first().click();
    await operation.locator('pre', { hasText: '/api/integers?count=5&min=1&max=6' }).first().waitFor();
    await page.click('#operations-entropy-getIntegers .opblock-summary-control');
  });

  test('fits a phone, also with operations open', async () => {
    const phone = await browser.newPage({ ignoreHTTPSErrors: true, viewport: { width: 390, height: 844 } });
    await phone.goto(`${gateway.url}/docs`);
    await phone.waitForSelector('#operations-entropy-getRandom');
    for (const operation of ['#operations-entropy-getRandom', '#operations-status-getStatus']) {
      await phone.click(`${operation} .opblock-summary-control`);
      await phone.waitForSelector(`${operation} .responses-table`);
    }
    expect(await phone.evaluate('document.documentElement.scrollWidth')).toBe(390);
    await phone.close();
  });

  test.each(['light', 'dark'] as const)(
    'is accessible, also its dialog (%s)',
    async (colorScheme) => {
      // axe is put into the page, which its own policy would not allow.
      const context = await browser.newContext({ ignoreHTTPSErrors: true, bypassCSP: true, colorScheme });
      const audited = await context.newPage();
      audited.setDefaultTimeout(100_000);
      await audited.goto(`${gateway.url}/docs`);
      await audited.click('#operations-entropy-getIntegers .opblock-summary-control');
      await audited.waitForSelector('#operations-entropy-getIntegers .responses-table');
      await audited.click('#operations-entropy-getIntegers .qrng-sample summary >> nth=0');
      await audited.click('.btn.authorize');
      await audited.waitForSelector('.auth-container input');
      await audited.evaluate(AXE);
      // The dialog fades in; its colours count once it has.
      await audited.evaluate('Promise.all(document.getAnimations().map((one) => one.finished))');
      const { violations } = await audited.evaluate<{ violations: { id: string; nodes: object[] }[] }>(
        'axe.run()',
      );
      expect(violations.map(({ id, nodes }) => ({ id, nodes }))).toEqual([]);
      await context.close();
    },
    120_000,
  );

  test('authorises, tries out /api/random and shows fresh bytes', async () => {
    await page.click('.btn.authorize');
    await page.fill('.auth-container input >> nth=0', gateway.apiKey);
    await page.click('.auth-btn-wrapper .authorize >> nth=0');
    await page.click('.auth-btn-wrapper .btn-done >> nth=0');
    await page.click('#operations-entropy-getRandom .opblock-summary-control');
    const shown = page.locator('#operations-entropy-getRandom .live-responses-table pre').first();
    const seen = new Set<string>();
    for (let i = 0; i < 2; i++) {
      const answered = page.waitForResponse((response) => response.url().includes('/api/random'));
      await page.click('#operations-entropy-getRandom .execute');
      const bytes = (await (await answered).text()).trim();
      expect(bytes).toMatch(/^[0-9a-f]{64}$/);
      await shown.filter({ hasText: bytes }).waitFor();
      seen.add(bytes);
    }
    expect(seen.size).toBe(2);
    const end = await page.locator('#operations-entropy-getRandom .live-responses-table').boundingBox();
    const clip = { x: 0, y: 0, width: WIDTH, height: Math.ceil((end?.y ?? 0) + (end?.height ?? 0)) };
    await page.screenshot({ path: join(FOLDER, 'swagger-ui.png'), clip });
  });

  test('asks nobody else, and breaks none of its rules', () => {
    expect(elsewhere).toEqual([]);
    expect(complaints).toEqual([]);
  });
});
