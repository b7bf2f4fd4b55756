/** Measures POST /push, with packets that were sealed before the clock starts. */
import { Feed } from './feed.js';
import type { Sealer } from './feed.js';
import { pushRequest, runBuiltIn } from './load/built-in.js';
import type { Contender, Sample } from './rounds.js';
import type { Server } from './server.js';
import type { Setup } from './setup.js';

interface Pushes {
  /** Collectors, spread over the connections; the packets of one go in order. */
  readonly feeds: readonly Sealer[];
  readonly connections: number;
  /** Packets of each connection. */
  readonly packets: number;
  /** Bytes of entropy in each packet. */
  readonly bytes: number;
  /** The status of a packet that was taken. */
  readonly taken: number;
}

interface PushOptions {
  readonly bytes: number;
  readonly packets: number;
  readonly collectors?: number;
  readonly connections?: number;
  readonly taken?: number;
  readonly feedOf?: (collector: string) => Sealer;
}

const MIB = 2 ** 20;
/** Packets of one collector go one after the other; several connections keep the gateway busy. */
const CONNECTIONS = 4;

/** A server that collectors push to, each with packets of its own. */
export function pushContender(
  { quick, hmacKey }: Setup,
  server: Server,
  { bytes, packets, connections = CONNECTIONS, collectors = connections, ...other }: PushOptions,
): Contender {
  const { taken = 204, feedOf = (collector) => new Feed(collector, hmacKey) } = other;
  const feeds = Array.from({ length: collectors }, (_, index) => feedOf(`bench-${index}`));
  const pushes = { feeds, connections, packets: quick ? 10 : packets, bytes, taken };
  return { name: server.name, measure: () => measurePushes(server, pushes) };
}

/**
 * Pushes all packets as fast as the gateway takes them; the sample is for each MiB of entropy.
 *
 * @throws {Error} when an answer says that a packet was not taken.
 */
async function measurePushes(server: Server, pushes: Pushes): Promise<Sample> {
  const { port, ca } = server;
  const queues = sealedQueues(pushes);
  const cpuBefore = server.cpuMs();
  const { requests, seconds, p50Ms, p99Ms, wrong } = await runBuiltIn({
    port,
    ca,
    connections: pushes.connections,
    next: (connection) => {
      const packet = queues[connection]?.next().value;
      return packet === undefined ? undefined : pushRequest(packet);
    },
    isRight: ({ status }) => status === pushes.taken,
  });
  const cpuMs = server.cpuMs() - cpuBefore;
  server.clearLog();
  if (wrong.length > 0) throw new Error(`${server.name}: wrong answers to a push: ${wrong.join('; ')}`);
  const mebibytes = (requests * pushes.bytes) / MIB;
  return { rate: mebibytes / seconds, cpuUs: (1000 * cpuMs) / mebibytes, p50Ms, p99Ms };
}

/** A queue of packets for each connection; a collector's packets are all in one of them. */
function sealedQueues({ feeds, connections, packets, bytes }: Pushes): ArrayIterator<Buffer>[] {
  return Array.from({ length: connections }, (_, connection) => {
    const own = feeds.filter((_feed, index) => index % connections === connection);
    return Array.from({ length: packets }, (_packet, index) => own[index % own.length]?.seal(bytes))
      .filter((packet) => packet !== undefined)
      .values();
  });
}
