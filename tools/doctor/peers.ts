/** The other ends that the collector talks to: does each speak TLS 1.3, is it the one it should be, and does it take packets? */
import { readFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';
import { connectionAdvice } from '#libs/certificates';
import type { PeerSettings } from '#libs/certificates';
import { errorCode } from '#libs/files';
import { parseHead } from '#libs/http-head';
import type { Head } from '#libs/http-head';
import { check } from './finding.js';
import type { Finding } from './finding.js';

const PATIENCE_MS = 5000;
const MAX_HEAD_BYTES = 8192;
/** How far a clock may be ahead of the gateway's (QRNG_CLOCK_SKEW_SECS), less what the look itself takes. */
const MAX_SKEW_MS = 50_000;
const tls = check('TLS 1.3');
const push = check('Push');

export interface Trust {
  readonly caFile?: string | undefined;
  readonly fingerprints?: readonly string[] | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
}

/** Connects to an appliance at the https URL `url` and looks at what was agreed; nothing is requested. */
export async function examineSource(url: string, trust: Trust): Promise<Finding> {
  const settings = { url: 'QRNG_APPLIANCE_URLS', ca: 'QRNG_APPLIANCE_CA_FILE' };
  try {
    const socket = await connected(new URL(url), trust);
    const agreement = agreed('the source', socket);
    socket.destroy();
    return agreement;
  } catch (error) {
    return unreachable(`the source (${url})`, error, settings);
  }
}

/** Connects to the gateway and asks with GET what takes packets there: it names POST alone, and its clock. */
export async function examineGateway(text: string, trust: Trust, now: () => number): Promise<Finding[]> {
  const url = new URL(text);
  const settings = { url: 'QRNG_PUSH_URL', ca: 'QRNG_PUSH_CA_FILE' };
  try {
    const socket = await connected(url, trust);
    const agreement = agreed('the gateway', socket);
    const head = await answerTo(socket, url);
    return [agreement, takesPackets(head), ...clocks(head, now())];
  } catch (error) {
    return [unreachable(`the gateway (${text})`, error, settings)];
  }
}

function agreed(what: string, socket: Socket): Finding {
  if (!(socket instanceof TLSSocket)) {
    return tls.pass(`${what} is on this machine, and spoken to in plain HTTP`);
  }
  const version = socket.getProtocol();
  const { name: group = 'unknown' } = socket.getEphemeralKeyInfo() as { name?: string };
  return version === 'TLSv1.3'
    ? tls.pass(`${what} speaks TLS 1.3 and is trusted; keys are agreed in ${group}`)
    : tls.warn(`${what} is trusted, but speaks ${String(version)} only: bring it up to date`);
}

function unreachable(what: string, error: unknown, settings: PeerSettings): Finding {
  const reason = error instanceof Error ? error.message : String(error);
  const advice = connectionAdvice(errorCode(error), settings);
  return tls.fail(`${what} cannot be talked to: ${reason}${advice === undefined ? '' : `; ${advice}`}`);
}

function takesPackets(head: Head | undefined): Finding {
  const allowed = head?.status === 405 ? head.headers.get('allow') : undefined;
  if (allowed === 'POST') return push.pass('the gateway takes packets at the path of QRNG_PUSH_URL');
  return push.fail(
    `what QRNG_PUSH_URL leads to takes no packets (${head === undefined ? 'its answer is not HTTP/1.1' : `${head.status} to GET`}): does it end in /push, is it the gateway, and does that take packets (QRNG_INGEST)?`,
  );
}

function clocks(head: Head | undefined, now: number): Finding[] {
  const ahead = now - Date.parse(head?.headers.get('date') ?? '');
  if (Number.isNaN(ahead)) return [];
  const clock = check('Clocks');
  if (Math.abs(ahead) < MAX_SKEW_MS) {
    return [clock.pass("the gateway's clock is close to that of this machine")];
  }
  const [secs, where] = [Math.round(Math.abs(ahead) / 1000), ahead > 0 ? 'ahead of' : 'behind'];
  return [
    clock.fail(
      `this machine's clock is ${secs} s ${where} the gateway's, which refuses its packets: set both`,
    ),
  ];
}

/** The head of the answer to GET; undefined where it is none of HTTP/1.1. */
function answerTo(socket: Socket, url: URL): Promise<Head | undefined> {
  return new Promise((done, fail) => {
    let text = '';
    // A peer that sends a byte now and then is never silent.
    const late = setTimeout(() => socket.destroy(tooLate()), PATIENCE_MS);
    const finish = (): void => {
      clearTimeout(late);
      socket.destroy();
      const end = text.indexOf('\r\n\r\n');
      done(end < 0 ? undefined : parseHead(text.slice(0, end)));
    };
    socket.on('error', fail).on('close', finish);
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      if (text.includes('\r\n\r\n') || text.length > MAX_HEAD_BYTES) finish();
    });
    socket.write(
      `GET ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\nConnection: close\r\n\r\n`,
    );
  });
}

function connected(url: URL, trust: Trust): Promise<Socket> {
  const pins = trust.fingerprints?.map((pin) => pin.replaceAll(':', '').toUpperCase());
  const secure = url.protocol === 'https:';
  const to = { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port) || (secure ? 443 : 80) };
  return new Promise((done, fail) => {
    const socket = secure
      ? connectTls({
          ...to,
          ca: read(trust.caFile),
          cert: read(trust.certFile),
          key: read(trust.keyFile),
          // With pins alone the certificate is compared below, as the collector does.
          rejectUnauthorized: pins === undefined || trust.caFile !== undefined,
        })
      : connectTcp(to);
    socket.setTimeout(PATIENCE_MS, () => socket.destroy(tooLate()));
    socket.once('error', fail);
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
      const shown = certificate?.fingerprint256.replaceAll(':', '');
      if (pins === undefined || (shown !== undefined && pins.includes(shown))) done(socket);
      else socket.destroy(new Error('its certificate is none of QRNG_APPLIANCE_FINGERPRINT'));
    });
  });
}

function tooLate(): Error {
  return Object.assign(new Error('no answer within 5 s'), { code: 'timeout' });
}

function read(file: string | undefined): Buffer | undefined {
  return file === undefined ? undefined : readFileSync(file);
}
