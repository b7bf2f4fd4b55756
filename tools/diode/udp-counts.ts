/** What is counted and dropped on the fibre, by the side of the diode. */
import type { Machine } from './machine.js';
import { FIBRE, RECEIVER_PORT } from './udp-network.js';

/** Everything that arrives from the gateway. */
const FROM = `
table netdev watch {
  counter from_arp { }
  counter from_4 { }
  counter from_6 { }
  counter from_any { }
  chain arriving {
    type filter hook ingress device "${FIBRE}" priority -400;
    ether type arp counter name from_arp
    ether type ip counter name from_4
    ether type ip6 counter name from_6
    counter name from_any
  }
}`;

/** Everything that arrives from the collector. */
const SENT = `
table netdev watch {
  counter sent_fragments { }
  counter sent_packets { }
  counter sent_else { }
  chain arriving {
    type filter hook ingress device "${FIBRE}" priority -400;
    ip frag-off & 0x3fff != 0 counter name sent_fragments
    exthdr frag exists counter name sent_fragments
    udp dport ${RECEIVER_PORT} counter name sent_packets accept
    counter name sent_else
  }
}`;

/** Counts from 0 what arrives at a half of the diode. */
export function watch(machine: Machine, what: 'from' | 'sent'): void {
  machine.run('nft', `add table netdev watch; delete table netdev watch;${what === 'from' ? FROM : SENT}`);
}

/** Drops `percent` of what the collector sends, at random, and counts it from 0 as `lost`. */
export function lose(red: Machine, percent: number): void {
  red.run(
    'nft',
    `add table netdev loss; delete table netdev loss;
table netdev loss {
  counter lost { }
  chain arriving {
    type filter hook ingress device "${FIBRE}" priority 0;
    udp dport ${RECEIVER_PORT} numgen random mod 1000 < ${percent * 10} counter name lost drop
  }
}`,
  );
}

/** Drops nothing more; the counter stays. */
export function loseNothing(red: Machine): void {
  red.run('nft', 'flush', 'chain', 'netdev', 'loss', 'arriving');
}
