/** The firewall rules of deploy/nftables on a machine of the proof, and a witness beside them that only counts. */
import { join } from 'node:path';
import type { Machine } from './machine.js';

/** Counts packets in the direction in which a connection was opened; replies count nowhere. It refuses nothing. */
const WITNESS = `
table inet witness {
  counter opened_in { }
  counter opened_out { }
  chain arriving {
    type filter hook prerouting priority mangle;
    iifname != "lo" meta l4proto { tcp, udp } ct direction original counter name opened_in
  }
  chain leaving {
    type filter hook postrouting priority mangle;
    oifname != "lo" meta l4proto { tcp, udp } ct direction original counter name opened_out
  }
}`;

type RuleFile = 'collector' | 'gateway' | 'collector-udp' | 'gateway-udp';

/** Loads files of deploy/nftables, without `.nft`, as they stand. */
export function loadFiles(machine: Machine, ...names: RuleFile[]): void {
  for (const name of names) {
    machine.run('nft', '-f', join(import.meta.dirname, '../../../deploy/nftables', `${name}.nft`));
  }
}

/** Loads deploy/nftables/NAME.nft unchanged, and the witness. */
export function loadRules(machine: Machine, name: 'collector' | 'gateway'): void {
  loadFiles(machine, name);
  machine.run('nft', WITNESS);
}

/** Takes the machine's rules away, as an attacker who has taken the machine over could; the witness stays. */
export function dropRules(machine: Machine, name: 'collector' | 'gateway'): void {
  machine.run('nft', 'delete', 'table', 'inet', `qrng_${name}`);
}

/** The packets that each named counter of a machine has counted. */
export function counters(machine: Machine): Record<string, number> {
  const { nftables } = JSON.parse(machine.run('nft', '-j', 'list', 'counters')) as {
    nftables: { counter?: { name: string; packets: number } }[];
  };
  const entries = nftables.flatMap(({ counter }) => (counter === undefined ? [] : [counter]));
  return Object.fromEntries(entries.map(({ name, packets }) => [name, packets]));
}

/** Those of one counter; NaN when there is none. */
export function count(counts: Record<string, number>, name: string): number {
  return counts[name] ?? NaN;
}
