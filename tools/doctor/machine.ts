/** The items of the checklist that are about the machine: firewall, clocks, separate machines, hardening. */
import { lookup } from 'node:dns/promises';
import { isLoopback } from '#libs/settings';
import type { App } from './app.js';
import { check } from './finding.js';
import type { Finding } from './finding.js';
import type { Host } from './host.js';

const firewall = check('Firewall');
const clocks = check('Clocks');
const hardening = check('Hardened OS');
const separate = check('Separate machines');

/** Whether the rules of deploy/nftables are loaded and drop by default. */
export function checkFirewall(app: App, { chains }: Host): Finding {
  if ('missing' in chains) {
    return firewall.warn(`the rules cannot be seen (${chains.missing}): run the doctor as root`);
  }
  return droppingHooks(chains.json, `qrng_${app}`) === 'forward,input,output'
    ? firewall.pass(`deploy/nftables/${app}.nft is loaded and drops by default`)
    : firewall.fail(
        `deploy/nftables/${app}.nft is not loaded: set its addresses, install it as /etc/nftables.conf, systemctl enable nftables && systemctl reload-or-restart nftables`,
      );
}

/** Where packets go over udp: whether the interface to the diode is closed in both directions but for packets. */
export function checkDiodeInterface(app: App, { chains }: Host): Finding[] {
  if ('missing' in chains) return []; // that was said of the other rules
  return [
    droppingHooks(chains.json, 'qrng_one_way') === 'egress,ingress'
      ? firewall.pass(`deploy/nftables/${app}-udp.nft is loaded and drops by default`)
      : firewall.fail(
          `deploy/nftables/${app}-udp.nft is not loaded: set its names and include it at the end of /etc/nftables.conf (docs/diode.md)`,
        ),
  ];
}

/** The hooks in which a table drops by default, in alphabetical order. */
function droppingHooks(json: string, table: string): string {
  const { nftables } = JSON.parse(json) as {
    nftables: { chain?: { table: string; hook?: string; policy?: string } }[];
  };
  return nftables
    .flatMap(({ chain }) => (chain?.table === table && chain.policy === 'drop' ? [chain.hook] : []))
    .sort()
    .join();
}

/** Whether a time service keeps the clock, which freshness depends on. */
export function checkClock({ clockSynchronized }: Host): Finding {
  if (clockSynchronized === undefined) {
    return clocks.warn('neither timedatectl nor chronyc answers: see to it that a time service runs');
  }
  return clockSynchronized
    ? clocks.pass('the clock is synchronized')
    : clocks.fail('the clock is not synchronized: install and configure chrony');
}

/** What of the operating system can be seen from here; the rest of hardening is the operator's. */
export function checkHardening(app: App, { aslr, swaps, listening, confined }: Host): Finding[] {
  return [
    aslr === '2'
      ? hardening.pass('addresses are randomized')
      : hardening.fail('addresses are not fully randomized: sysctl -w kernel.randomize_va_space=2'),
    swaps
      ? hardening.warn(
          'this machine swaps: the units forbid it (MemorySwapMax=0), other ways of starting do not',
        )
      : hardening.pass('nothing is swapped to disk'),
    ...(app === 'collector' ? [openPorts(listening), ...confinement(confined)] : []),
  ];
}

/** Whether collector and gateway stand on machines of their own. */
export async function checkSeparation(app: App, host: Host, pushUrl?: string): Promise<Finding> {
  const other = app === 'collector' ? 'gateway' : 'collector';
  if (host.running.includes(other)) {
    return separate.fail(`the ${other} runs on this machine, too: give it one of its own`);
  }
  const isFile = pushUrl?.startsWith('spool:') === true; // the diode's software knows where it goes
  if (pushUrl !== undefined && !isFile && (await isHere(new URL(pushUrl).hostname, host.addresses))) {
    return separate.fail('QRNG_PUSH_URL leads to this machine: give the gateway one of its own');
  }
  return separate.pass(`no ${other} runs on this machine`);
}

function openPorts(listening: readonly string[]): Finding {
  if (listening.length === 0) return hardening.pass("nothing listens on the collector's machine");
  const ports = [...new Set(listening.map((address) => Number.parseInt(address.split(':')[1] ?? '', 16)))];
  return hardening.warn(
    `TCP ports ${ports.sort((a, b) => a - b).join(', ')} are open on the collector's machine: stop what listens there`,
  );
}

function confinement(confined: boolean | undefined): Finding[] {
  if (confined === undefined) return [];
  return [
    confined
      ? hardening.pass('the collector is confined: it can start no process and open no file but its own')
      : hardening.fail('the collector that runs is not confined: restart it, it is of an earlier version'),
  ];
}

async function isHere(hostname: string, addresses: readonly string[]): Promise<boolean> {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (isLoopback(host)) return true;
  try {
    const found = await lookup(host, { all: true });
    return found.some(({ address }) => addresses.includes(address) || isLoopback(address));
  } catch {
    return false; // a name that does not resolve is a finding about TLS, which cannot connect
  }
}
