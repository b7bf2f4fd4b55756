/**
 * The network of the proof. The addresses are those that stand in deploy/nftables/*.nft, which are loaded as they are.
 *
 *   appliance ──────── collector ──────────── gateway ──────────── elsewhere
 *   10.0.0.5    10.0.0.1     198.51.100.20   203.0.113.10    192.0.2.1     192.0.2.50   an API client
 *                                  fd77::20   fd77::1                      172.16.0.1, 192.168.1.1   internal hosts
 *
 * The collector's machine forwards and the gateway has routes inside: only the rules stand in the way.
 */
import { Machine, connect } from './machine.js';

export const ADDRESS = {
  appliance: '10.0.0.5',
  collector: ['10.0.0.1', '198.51.100.20', 'fd77::20'],
  gateway: '203.0.113.10',
  gatewayLink: '198.51.100.1',
  elsewhere: ['192.0.2.50', '172.16.0.1', '192.168.1.1'],
} as const;

export interface Network {
  readonly appliance: Machine;
  readonly collector: Machine;
  readonly gateway: Machine;
  readonly elsewhere: Machine;
}

/** @throws where namespaces or virtual cables are not allowed. */
export async function buildNetwork(): Promise<Network> {
  const [appliance, collector, gateway, elsewhere] = await Promise.all([
    Machine.create('appliance'),
    Machine.create('collector'),
    Machine.create('gateway'),
    Machine.create('elsewhere'),
  ]);
  connect(appliance, ['10.0.0.5/24'], collector, ['10.0.0.1/24']);
  connect(collector, ['198.51.100.20/24', 'fd77::20/64'], gateway, [
    '198.51.100.1/24',
    '203.0.113.10/32',
    'fd77::1/64',
  ]);
  connect(gateway, ['192.0.2.1/24'], elsewhere, ['192.0.2.50/24', '172.16.0.1/32', '192.168.1.1/32']);
  route(appliance, 'default', '10.0.0.1');
  route(collector, '203.0.113.10', '198.51.100.1');
  route(gateway, '10.0.0.0/24', '198.51.100.20');
  route(gateway, '172.16.0.0/12', '192.0.2.50');
  route(gateway, '192.168.0.0/16', '192.0.2.50');
  route(elsewhere, 'default', '192.0.2.1');
  collector.run('sysctl', '-qw', 'net.ipv4.ip_forward=1');
  return { appliance, collector, gateway, elsewhere };
}

function route(machine: Machine, to: string, via: string): void {
  machine.run('ip', 'route', 'add', to, 'via', via);
}
