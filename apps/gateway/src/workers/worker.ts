/** The worker's end of the channel to its head. */
import cluster from 'node:cluster';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Channel, ChannelError } from '../link/channel.js';
import { BlockRequests } from '../limits/block-requests.js';
import { logEvent } from '../log-events.js';
import { GatewayMetrics } from '../metrics/gateway-metrics.js';
import type { MetricValues } from '../metrics/gateway-metrics.js';
import { POOL } from '../pool/entropy.service.js';
import type { LeasedPool } from '../pool/leased-pool.js';
import { FileWatcher } from '../reload/file-watcher.js';
import { LAST_SNAPSHOT, LET_IN, LISTENING, PORT, RELOAD, SNAPSHOT } from './calls.js';

/** The channel to the process that forked this one. Node ends a worker whose head is gone. */
export function channelToHead(): Channel {
  const channel = new Channel(
    (message) => {
      if (process.connected) process.send?.(message);
    },
    (error) => logEvent('error', 'internal-error', { err: error as object }),
  );
  process.on('message', (message) => channel.receive(message));
  process.once('disconnect', () => channel.close());
  cluster.worker?.on('error', () => undefined); // a message to a head that was killed; `disconnect` follows
  return channel;
}

export function portOf(head: Channel): Promise<number> {
  return head.call(PORT, undefined);
}

/** Answers the head, and says that this worker listens at `url`. */
export function reportTo(head: Channel, app: NestFastifyApplication, url: string): void {
  head.answer(SNAPSHOT, () => snapshot(app));
  head.hear(LET_IN, ({ name }) => void app.get(BlockRequests, { strict: false }).letIn(name));
  head.hear(RELOAD, () => app.get(FileWatcher, { strict: false }).reload());
  app.get<LeasedPool>(POOL, { strict: false }).whenClosed(() => reportLast(head, app));
  head.tell(LISTENING, { url });
}

/** Waits until the head has it: what is under way when a process ends may be lost. */
async function reportLast(head: Channel, app: NestFastifyApplication): Promise<void> {
  try {
    await head.call(LAST_SNAPSHOT, await snapshot(app));
  } catch (error) {
    if (!(error instanceof ChannelError)) throw error;
  }
}

function snapshot(app: NestFastifyApplication): Promise<readonly MetricValues[]> {
  return app.get(GatewayMetrics).values((values) => values);
}
