/**
 * `npm run diode:verify`: shows on this machine that the data diode holds. Network namespaces stand for machines, with the
 * firewall rules of deploy/nftables as they are; appliance (simulated), collector and gateway run in them; then everything is
 * tried that must fail.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandLine, misused } from '#libs/command-line';
import type { Claim } from './diode/claim.js';
import type { Machine } from './diode/machine.js';
import { ADDRESS, buildNetwork } from './diode/network.js';
import { Product } from './diode/product.js';
import { prove } from './diode/proof.js';
import { buildSpoolNetwork, proveSpool } from './diode/spool-proof.js';
import { buildUdpNetwork, UDP_ADDRESS } from './diode/udp-network.js';
import { proveUdp } from './diode/udp-proof.js';

const NOT_POSSIBLE = 77;
const INSIDE = 'in-user-namespace';
const USAGE = `Usage: npm run diode:verify -- [--carrier https|udp|spool] [--seconds N]

Shows on this machine that the data diode holds: network namespaces stand for the machines, with the firewall rules of
deploy/nftables. Needs nftables, iproute2, and root or user namespaces.

  --carrier     the way of the packets that is tried (https)
  --seconds     of each run with losses, for udp and spool (60)
  --help, --version

Exit code 0: every claim was shown. 1: one was not. 77: this machine does not allow it.`;

const { values } = commandLine(USAGE, {
  options: {
    carrier: { type: 'string', default: 'https' },
    seconds: { type: 'string', default: '60' },
    [INSIDE]: { type: 'boolean', default: false },
  },
});

/** What is tried: on which machines, and how they are introduced. */
interface Proof {
  readonly heading: string;
  readonly machines: readonly Machine[];
  claims(folder: string): AsyncGenerator<Claim>;
}

const PROOFS: Readonly<Record<string, () => Promise<Proof>>> = { https, udp, spool };
const open = PROOFS[values.carrier];
const seconds = Number(values.seconds);
if (open === undefined || !(seconds >= 1)) {
  misused(`--carrier must be ${Object.keys(PROOFS).join(' or ')}, --seconds a number from 1`, USAGE);
}
if (process.getuid?.() !== 0 && !values[INSIDE]) {
  process.exit(asRootOfAUserNamespace());
}
process.exit(await verify(open));

/** A user who is not root becomes root in a user namespace, where the kernel allows that. */
function asRootOfAUserNamespace(): number {
  const own = ['--carrier', values.carrier, '--seconds', values.seconds, `--${INSIDE}`];
  const args = ['--user', '--map-root-user', process.execPath, process.argv[1] ?? '', ...own];
  const { status, error } = spawnSync('unshare', args, { stdio: 'inherit' });
  if (error === undefined && status !== null && [0, 1, NOT_POSSIBLE].includes(status)) return status;
  console.log('Not possible here: user namespaces are not allowed; run it as root.');
  return NOT_POSSIBLE;
}

async function verify(build: () => Promise<Proof>): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'qrng-diode-'));
  let proof: Proof | undefined;
  try {
    proof = await build();
    proof.machines[0]?.run('nft', 'list', 'ruleset');
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    console.log(`Not possible here: ${error.message}`);
    return NOT_POSSIBLE;
  }
  try {
    return await report(proof, folder);
  } finally {
    for (const machine of proof.machines) await machine.close();
    rmSync(folder, { recursive: true });
  }
}

async function report(proof: Proof, folder: string): Promise<number> {
  console.log(`${proof.heading}\n`);
  let [shown, claims] = [0, 0];
  for await (const { text, seen, holds } of proof.claims(folder)) {
    claims += 1;
    if (holds) shown += 1;
    console.log(`${holds ? '  shown' : 'NOT SHOWN'}  ${text}\n           ${seen}`);
  }
  console.log(`\n${shown} of ${claims} claims were shown.`);
  return shown === claims ? 0 : 1;
}

async function https(): Promise<Proof> {
  const network = await buildNetwork();
  const { appliance, collector, gateway, elsewhere } = network;
  return {
    heading: `The diode, tried on this machine in four network namespaces:
  appliance ${ADDRESS.appliance} | collector ${ADDRESS.collector.join(', ')} | gateway ${ADDRESS.gateway} | elsewhere ${ADDRESS.elsewhere.join(', ')}
  rules: deploy/nftables/collector.nft and gateway.nft as they are`,
    machines: [collector, gateway, appliance, elsewhere],
    claims: (folder) => prove(network, new Product(network, folder), folder),
  };
}

async function udp(): Promise<Proof> {
  const network = await buildUdpNetwork();
  const { appliance, collector, red, black, gateway, elsewhere } = network;
  const ends = (of: { 4: string; 6: string }): string => Object.values(of).join(', ');
  return {
    heading: `The udp carrier, tried on this machine in six network namespaces, twice for ${seconds} seconds:
  appliance ${UDP_ADDRESS.appliance} | collector ${ends(UDP_ADDRESS.sender)} | a diode of two halves | gateway ${ends(UDP_ADDRESS.receiver)} | elsewhere ${UDP_ADDRESS.client}
  rules: deploy/nftables/collector.nft, collector-udp.nft, gateway.nft and gateway-udp.nft as they are`,
    machines: [collector, red, black, gateway, appliance, elsewhere],
    claims: (folder) => proveUdp(network, folder, seconds),
  };
}

async function spool(): Promise<Proof> {
  const network = await buildSpoolNetwork();
  const { appliance, collector, mover, gateway, elsewhere } = network;
  return {
    heading: `The spool carrier, tried on this machine for ${seconds} seconds:
  appliance | collector | software that moves files as badly as it can | gateway | elsewhere`,
    machines: [collector, mover, gateway, appliance, elsewhere],
    claims: (folder) => proveSpool(network, folder, seconds),
  };
}
