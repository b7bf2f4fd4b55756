/**
 * Tries to reach addresses, as somebody on this machine would: `node probe.js JSON-LIST-OF-PROBES`.
 *
 * Prints one JSON list: for each probe whether anything came back. A refused connection counts as reached: the other
 * machine has answered.
 */
import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';

const PATIENCE_MS = 1500;

export interface Probe {
  readonly protocol: 'tcp' | 'udp';
  readonly host: string;
  readonly port: number;
  /** The address and port to come from, for firewalls that let "replies" in by their port. */
  readonly from?: { readonly host: string; readonly port: number };
}

async function reached(probe: Probe): Promise<boolean> {
  return probe.protocol === 'tcp' ? overTcp(probe) : overUdp(probe);
}

function overTcp({ host, port, from }: Probe): Promise<boolean> {
  return new Promise((settle) => {
    const source = from === undefined ? {} : { localAddress: from.host, localPort: from.port };
    const socket = connect({ host, port, ...source });
    const done = (answer: boolean): void => {
      socket.destroy();
      settle(answer);
    };
    socket.setTimeout(PATIENCE_MS, () => done(false));
    socket.once('connect', () => done(true));
    socket.once('error', (error: NodeJS.ErrnoException) =>
      done(error.code === 'ECONNREFUSED' || error.code === 'ECONNRESET'),
    );
  });
}

function overUdp({ host, port }: Probe): Promise<boolean> {
  return new Promise((settle) => {
    const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
    const done = (answer: boolean): void => {
      clearTimeout(timer);
      socket.close();
      settle(answer);
    };
    const timer = setTimeout(() => done(false), PATIENCE_MS);
    socket.once('message', () => done(true));
    socket.once('error', () => done(false));
    socket.send('probe', port, host, (error) => error !== null && done(false));
  });
}

const probes = JSON.parse(process.argv[2] ?? '[]') as Probe[];
process.stdout.write(JSON.stringify(await Promise.all(probes.map(reached))));
