/** A source that is latched, seen and released by the operator's command. */
import { execFileSync } from 'node:child_process';
import { afterEach, expect, test } from '@jest/globals';
import { startScene } from '../support/scene.js';
import type { Scene } from '../support/scene.js';
import { until } from '../support/until.js';

let scene: Scene | undefined;
afterEach(async () => {
  await scene?.close();
  scene = undefined;
});

function sources(...parameters: string[]): string {
  const state = scene?.collector.env['QRNG_STATE_DIR'] ?? '';
  return execFileSync(process.execPath, ['dist/tools/sources.js', ...parameters, '--state', state], {
    encoding: 'utf8',
  });
}

test('npm run sources shows a source that is latched, and releases it', async () => {
  const running = await startScene({ appliances: [{ plan: [{ kind: 'doubled', times: 10 }] }] });
  scene = running;
  await running.collector.logged('source-latched');
  await until('the state in the file', () => sources('show').includes('persistent'));
  expect(running.receiver.bytes.length).toBe(0);
  expect(() => sources('release', 'another')).toThrow(/No source is called another/);
  expect(sources('release')).toMatch(/^(up|starting) {2,}127\.0\.0\.1:\d+ \(put out of use 10 times/);
  await until('entropy after the release', () => running.receiver.bytes.length > 0);
  expect(running.collector.events('source-released')).toHaveLength(1);
  expect(await running.collector.stop()).toMatchObject({ code: 0, unaccounted: 0 });
});
