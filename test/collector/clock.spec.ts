/** What the collector does when its clock does what no clock should. */
import { afterEach, expect, test } from '@jest/globals';
import { CollectorProcess } from '../support/collector.js';
import { startScene } from '../support/scene.js';
import type { Scene } from '../support/scene.js';
import { until } from '../support/until.js';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A collector whose wall clock is moved by these milliseconds at SIGWINCH, while the monotonic one goes on. */
async function collectorThatLeaps(ms: number): Promise<{ scene: Scene; collector: CollectorProcess }> {
  const hook = `const { now } = Date; process.on('SIGWINCH', () => (Date.now = () => now() + ${ms}));`;
  const scene = await startScene({ env: { QRNG_HEARTBEAT_INTERVAL_MS: '100' } });
  closing.push(() => scene.close());
  await scene.collector.kill();
  const args = ['--import', `data:text/javascript,${encodeURIComponent(hook)}`];
  const collector = new CollectorProcess(scene.collector.env, args);
  closing.push(() => collector.kill());
  await collector.logged('source-up');
  await until('entropy', () => scene.receiver.entropy.length > 3, { describe: () => collector.output });
  return { scene, collector };
}

test.each([
  ['leaps an hour ahead, as after a restored snapshot', 3_600_000, 'clock-leapt'],
  ['goes back two minutes', -120_000, 'clock-went-back'],
])('a clock that %s ends the run: what is on hand is dropped, and said to be', async (_, ms, event) => {
  const { scene, collector } = await collectorThatLeaps(ms);
  // Bytes on hand: sealed again and again, and waiting.
  scene.receiver.otherwise = { status: 503 };
  const seen = scene.receiver.pushes.length;
  await until('refused bytes', () => scene.receiver.entropy.length > seen + 2);
  const before = scene.receiver.pushes.at(-1)?.packet;
  collector.signal('SIGWINCH');
  expect(await collector.logged(event)).toMatchObject({ level: 50 });
  const after = await until(
    'a packet of the new run',
    () => scene.receiver.pushes.find(({ packet }) => packet.boot !== before?.boot)?.packet,
  );
  expect(after).toMatchObject({ type: 'heartbeat', sequence: 1n });
  expect(Math.abs(Number(after.boot) - (Date.now() + ms))).toBeLessThan(30_000);
  expect(after.timestamp).toBeGreaterThanOrEqual(after.boot);
  const { dropped, unaccounted, code } = await collector.stop();
  expect([code, unaccounted]).toEqual([0, 0]);
  expect((dropped as Record<string, number>)['clock']).toBeGreaterThan(0);
});

test('timestamps stand still while a clock that went back half a minute catches up; the run goes on', async () => {
  const { scene, collector } = await collectorThatLeaps(-30_000);
  collector.signal('SIGWINCH');
  const seen = scene.receiver.pushes.length;
  await until('more packets', () => scene.receiver.pushes.length > seen + 20);
  const packets = scene.receiver.pushes.map(({ packet }) => packet);
  const last = packets.at(-1);
  const run = packets.filter(({ boot }) => boot === last?.boot);
  const stamps = run.map(({ timestamp }) => timestamp);
  expect(stamps).toEqual(stamps.toSorted((a, b) => Number(a - b)));
  expect(stamps.filter((stamp) => stamp === last?.timestamp).length).toBeGreaterThan(10);
  expect(collector.events('clock-went-back')).toEqual([]);
});
