/** What is left to do after `npm run setup`, as text: what could not be known, and what goes where. */
import { isIP } from 'node:net';
import { shellWord } from '../environment/shell-word.js';
import { applianceHosts, CONFIGURATION } from './templates.js';
import type { Installation } from './installation.js';

/** What the answers left open; each line says in which file. */
export function openPoints(of: Installation): string[] {
  const unknown = applianceHosts(of).hosts.filter((host) => isIP(host) === 0);
  return [
    ...(of.gatewayAddresses.length > 0
      ? []
      : [
          `collector/collector.nft: set GATEWAY to the address of ${of.gateway}, and name it in /etc/hosts there (--gateway-address)`,
        ]),
    ...(of.collectorAddresses.length > 0
      ? []
      : [`gateway/gateway.nft: set COLLECTORS to the address of ${of.collectorHost} (--collector-address)`]),
    ...(of.appliances.length > 0
      ? []
      : ['collector/collector.env and collector.nft: set QRNG_APPLIANCE_URLS and APPLIANCES (--appliance)']),
    ...unknown.map((host) => `collector/collector.nft: set APPLIANCES to the address of ${host}`),
    ...(of.administrators.length > 0
      ? []
      : ['both .nft files: ADMINISTRATORS is empty. Loading them ends your SSH session (--administrators)']),
    ...(of.logServers.length > 0
      ? []
      : [
          'both .nft files: LOG_SERVERS is empty. Logs stay on the machines, the audit anchor too (--log-servers)',
        ]),
    ...(of.timeServers.length > 0
      ? []
      : [
          'both .nft files: TIME_SERVERS is empty. Packets are refused when a clock is wrong (--time-servers)',
        ]),
  ];
}

/** What to copy where, and what to run there. */
export function copyList(folder: string): string {
  const of = (name: string): string => shellWord(`${folder}/${name}`);
  return `What goes where (the package lies in /opt/qrng-dd on both machines, see docs/operations.md):

  gateway's machine    ${of('gateway')}    -> any place there, then as root: /opt/qrng-dd/bin/qrng-dd install gateway
  collector's machine  ${of('collector')}  -> any place there, then as root: /opt/qrng-dd/bin/qrng-dd install collector
  first client         ${of('client')}     -> for a shell to source: client.env
  Prometheus           ${of('gateway/metrics.token')}, its bearer token for /metrics
  nowhere              ${of('authority')}  -> keep it offline: anyone who has it can make certificates

"install" makes the services' users and puts each file in its place with its owner and mode, and replaces none:

  NAME.env -> ${CONFIGURATION}/NAME.env (root:qrng-NAME, 640)   NAME.nft -> /etc/nftables.conf (root, 644)
  others   -> ${CONFIGURATION}/NAME/ (qrng-NAME, 600)

Then, the gateway first:

  systemctl enable nftables && systemctl reload-or-restart nftables
  systemctl enable --now qrng-gateway          # or qrng-collector

The whole folder is secret. Keep it for rotations (qrng-dd rotate), encrypted and away from both machines.`;
}
