/** A source that is latched, seen and released by the operator's command. */
import { execFileSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { sceneOfEachTest } from '../support/scene.js';
import { until } from '../support/until.js';

const start = sceneOfEachTest();

test('npm run sources shows a source that is latched, and releases it', async () => {
  const running = await start({ appliances: [{ plan: [{ kind: 'doubled', times: 10 }] }] });
  const state = running.collector.env['QRNG_STATE_DIR'] ?? '';
  const sources = (...parameters: string[]): string =>
    execFileSync(process.execPath, ['dist/tools/sources.js', ...parameters, '--state', state], {
      encoding: 'utf8',
    });
  await running.collector.logged('source-latched');
  await until('the command shows it', () => sources('show').includes('persistent'));
  expect(running.receiver.bytes.length).toBe(0);
  expect(() => sources('release', 'another')).toThrow(/No source is called another/);
  expect(sources('release')).toMatch(/^(up|starting) {2,}127\.0\.0\.1:\d+ \(put out of use 10 times/);
  await until('entropy after the release', () => running.receiver.bytes.length > 0);
  expect(running.collector.events('source-released')).toHaveLength(1);
  expect(await running.collector.stop()).toMatchObject({ code: 0, unaccounted: 0 });
});
