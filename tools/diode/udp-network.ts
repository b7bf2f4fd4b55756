/**
 * The network of the proof for `udp://`: the addresses are those of deploy/nftables/*-udp.nft, which are loaded as they are.
 *
 *   appliance ──── collector ──diode0── red ┆ black ──diode0── gateway ──── elsewhere
 *   10.0.0.5       198.51.100.20          ┆                  203.0.113.10     192.0.2.50   an API client
 *                  fd77::20               ┆                  fd77::10
 *
 * Red and black are the halves of a diode: what red receives goes through a pipe to black, which sends it on; there is no way
 * back between them. So each cable can be watched from the side that is not the product's.
 */
import { address, connect, Machine, plug } from './machine.js';
import type { End } from './machine.js';

export const UDP_ADDRESS = {
  appliance: '10.0.0.5',
  sender: { 4: '198.51.100.20', 6: 'fd77::20' },
  receiver: { 4: '203.0.113.10', 6: 'fd77::10' },
  client: '192.0.2.50',
} as const;

export const RECEIVER_PORT = 7765;
/** The interface of collector and gateway to the diode. */
export const DIODE = 'diode0';
/** The interfaces of the diode itself. */
export const FIBRE = 'fibre';

const MAC = { sender: '02:00:00:00:00:20', receiver: '02:00:00:00:00:10' } as const;

export interface UdpNetwork {
  readonly appliance: Machine;
  readonly collector: Machine;
  readonly red: Machine;
  readonly black: Machine;
  readonly gateway: Machine;
  readonly elsewhere: Machine;
}

/** @throws where namespaces or virtual cables are not allowed. */
export async function buildUdpNetwork(): Promise<UdpNetwork> {
  const names = ['appliance', 'collector', 'red', 'black', 'gateway', 'elsewhere'];
  const [appliance, collector, red, black, gateway, elsewhere] = (await Promise.all(
    names.map((name) => Machine.create(name)),
  )) as [Machine, Machine, Machine, Machine, Machine, Machine];
  connect(appliance, ['10.0.0.5/24'], collector, ['10.0.0.1/24']);
  connect(gateway, ['192.0.2.1/24'], elsewhere, ['192.0.2.50/24']);
  elsewhere.run('ip', 'route', 'add', 'default', 'via', '192.0.2.1');
  fibre(collector, red);
  fibre(gateway, black);
  withoutArp({ machine: collector, name: DIODE });
  for (const machine of [collector, black]) sends(machine, machine === collector ? DIODE : FIBRE);
  for (const machine of [red, gateway]) receives(machine, machine === gateway ? DIODE : FIBRE);
  return { appliance, collector, red, black, gateway, elsewhere };
}

/** As deploy/systemd/network/diode0-*.network.example; it also makes the kernel forget its neighbours there. */
export function withoutArp({ machine, name }: End): void {
  machine.run('ip', 'link', 'set', name, 'arp', 'off');
}

function fibre(machine: Machine, half: Machine): void {
  plug({ machine, name: DIODE }, { machine: half, name: FIBRE });
  withoutArp({ machine: half, name: FIBRE });
}

function sends(machine: Machine, name: string): void {
  machine.run('ip', 'link', 'set', name, 'address', MAC.sender);
  address(machine, name, [`${UDP_ADDRESS.sender[4]}/32`, `${UDP_ADDRESS.sender[6]}/128`]);
  for (const to of Object.values(UDP_ADDRESS.receiver)) {
    machine.run('ip', 'route', 'add', to, 'dev', name);
    machine.run('ip', 'neigh', 'replace', to, 'lladdr', MAC.receiver, 'nud', 'permanent', 'dev', name);
  }
}

function receives(machine: Machine, name: string): void {
  machine.run('ip', 'link', 'set', name, 'address', MAC.receiver);
  address(machine, name, [`${UDP_ADDRESS.receiver[4]}/32`, `${UDP_ADDRESS.receiver[6]}/128`]);
  // So that there is somebody whom the gateway could answer.
  for (const to of Object.values(UDP_ADDRESS.sender)) machine.run('ip', 'route', 'add', to, 'dev', name);
}
