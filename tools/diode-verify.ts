/**
 * `npm run diode:verify`: shows on this machine that the data diode holds. Four network namespaces stand for four
 * machines, with the firewall rules of deploy/nftables as they are; appliance (simulated), collector and gateway run in
 * them over TLS; then everything is tried that must fail.
 *
 * Exit code 0: every claim was shown. 1: one was not. 77: this machine does not allow it (no namespaces, or no nft).
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandLine } from '#libs/command-line';
import { ADDRESS, buildNetwork } from './diode/network.js';
import type { Network } from './diode/network.js';
import { Product } from './diode/product.js';
import { prove } from './diode/proof.js';

const NOT_POSSIBLE = 77;
const INSIDE = 'in-user-namespace';
const USAGE = `Usage: npm run diode:verify

Shows on this machine that the data diode holds: four network namespaces stand for four machines, with the firewall rules of
deploy/nftables. Needs nftables, iproute2, and root or user namespaces.

  --help, --version

Exit code 0: every claim was shown. 1: one was not. 77: this machine does not allow it.`;

const { values } = commandLine(USAGE, {
  options: { [INSIDE]: { type: 'boolean', default: false } },
});
if (process.getuid?.() !== 0 && !values[INSIDE]) {
  process.exit(asRootOfAUserNamespace());
}
process.exit(await verify());

/** A user who is not root becomes root in a user namespace, where the kernel allows that. */
function asRootOfAUserNamespace(): number {
  const args = ['--user', '--map-root-user', process.execPath, process.argv[1] ?? '', `--${INSIDE}`];
  const { status, error } = spawnSync('unshare', args, { stdio: 'inherit' });
  if (error === undefined && status !== null && [0, 1, NOT_POSSIBLE].includes(status)) return status;
  console.log('Not possible here: user namespaces are not allowed; run it as root.');
  return NOT_POSSIBLE;
}

async function verify(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'qrng-diode-'));
  let network: Network | undefined;
  try {
    network = await buildNetwork();
    network.collector.run('nft', 'list', 'ruleset');
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    console.log(`Not possible here: ${error.message}`);
    return NOT_POSSIBLE;
  }
  try {
    return await report(network, folder);
  } finally {
    const { appliance, collector, gateway, elsewhere } = network;
    for (const machine of [collector, gateway, appliance, elsewhere]) await machine.close();
    rmSync(folder, { recursive: true });
  }
}

async function report(network: Network, folder: string): Promise<number> {
  console.log(`The diode, tried on this machine in four network namespaces:
  appliance ${ADDRESS.appliance} | collector ${ADDRESS.collector.join(', ')} | gateway ${ADDRESS.gateway} | elsewhere ${ADDRESS.elsewhere.join(', ')}
  rules: deploy/nftables/collector.nft and gateway.nft as they are\n`);
  let [shown, claims] = [0, 0];
  for await (const { text, seen, holds } of prove(network, new Product(network, folder), folder)) {
    claims += 1;
    if (holds) shown += 1;
    console.log(`${holds ? '  shown' : 'NOT SHOWN'}  ${text}\n           ${seen}`);
  }
  console.log(`\n${shown} of ${claims} claims were shown.`);
  return shown === claims ? 0 : 1;
}
