/** Measures POST /push, with packets that were sealed before the clock starts. */
import { Feed } from './feed.js';
import { pushRequest, runBuiltIn } from './load/built-in.js';
import type { Contender, Sample } from './rounds.js';
import type { Server } from './server.js';
import type { Setup } from './setup.js';

interface Pushes {
  /** Collectors, spread over the connections; the packets of one go in order. */
  readonly feeds: readonly Feed[];
  readonly connections: number;
  /** Packets of each connection. */
  readonly packets: number;
  /** Bytes of entropy in each packet. */
  readonly bytes: number;
}

const MIB = 2 ** 20;
/** Packets of one collector go one after the other; several connections keep the gateway busy. */
const CONNECTIONS = 4;

/** A server that collectors push to, each with packets of its own. */
export function pushContender(
  { quick, hmacKey }: Setup,
  server: Server,
  { bytes, packets, collectors = CONNECTIONS }: { bytes: number; packets: number; collectors?: number },
): Contender {
  const feeds = Array.from({ length: collectors }, (_, index) => new Feed(`bench-${index}`, hmacKey));
  const pushes = { feeds, connections: CONNECTIONS, packets: quick ? 10 : packets, bytes };
  return { name: server.name, measure: () => measurePushes(server, pushes) };
}

/**
 * Pushes all packets as fast as the gateway takes them; the sample is for each MiB of entropy.
 *
 * @throws {Error} when an answer is not 204.
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
    isRight: ({ status }) => status === 204,
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
