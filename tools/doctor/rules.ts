/** Whom the firewall rules let in and where the log may go: what is cut off when they are loaded. */
import { BlockList, isIP } from 'node:net';
import { splitList } from '#libs/settings';
import type { App } from './app.js';
import { check } from './finding.js';
import type { Finding } from './finding.js';
import type { Host } from './host.js';

const firewall = check('Firewall');

/** Findings about ADMINISTRATORS and LOG_SERVERS of this project's rules in /etc/nftables.conf; none without such rules. */
export function checkRules(app: App, { rules, sshClients }: Host): Finding[] {
  if (!rules?.includes(`table inet qrng_${app} `)) return [];
  const administrators = [...defined(rules, 'ADMINISTRATORS'), ...defined(rules, 'ADMINISTRATORS_6')];
  const logServers = [...defined(rules, 'LOG_SERVERS'), ...defined(rules, 'LOG_SERVERS_6')];
  return [
    ...sessions(administrators, sshClients),
    ...(app === 'collector' && administrators.length > 0
      ? [
          firewall.warn(
            `ADMINISTRATORS may log in to the collector (${administrators.join(', ')}): prefer its console`,
          ),
        ]
      : []),
    logServers.length > 0
      ? firewall.pass(`the log may go to ${logServers.join(', ')}`)
      : firewall.warn(
          'LOG_SERVERS is empty, so the log stays here, with the heads that anchor the audit trail: set it in /etc/nftables.conf',
        ),
  ];
}

function sessions(administrators: readonly string[], clients: readonly string[]): Finding[] {
  const admitted = listOf(administrators);
  const cut = clients.filter((client) => !admitted.check(client, isIP(client) === 6 ? 'ipv6' : 'ipv4'));
  return cut.length === 0
    ? []
    : [
        firewall.warn(
          `loading the rules ends the SSH sessions from ${cut.join(', ')}: set ADMINISTRATORS in /etc/nftables.conf first`,
        ),
      ];
}

/** The addresses and ranges of a `define`, without the loopback address that stands for none. */
function defined(rules: string, name: string): string[] {
  const list = new RegExp(`^define ${name} = \\{([^}]*)\\}`, 'm').exec(rules)?.[1] ?? '';
  return splitList(list).filter((item) => !['127.0.0.1', '::1'].includes(item));
}

function listOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', bits] = range.split('/');
    const version = isIP(address);
    if (version !== 0) {
      list.addSubnet(address, Number(bits ?? (version === 4 ? 32 : 128)), version === 4 ? 'ipv4' : 'ipv6');
    }
  }
  return list;
}
