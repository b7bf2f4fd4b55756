/** The other ends that the collector talks to: does each speak TLS 1.3, and is it the one it should be? */
import { readFileSync } from 'node:fs';
import { connect } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { check } from './finding.js';
import type { Finding } from './finding.js';

const PATIENCE_MS = 5000;
const tls = check('TLS 1.3');

export interface Trust {
  readonly caFile?: string | undefined;
  readonly fingerprints?: readonly string[] | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
}

/** Connects to the https URL `url` and looks at what was agreed; nothing is requested. */
export async function peer(what: string, url: string, trust: Trust): Promise<Finding> {
  try {
    const socket = await handshake(new URL(url), trust);
    const version = socket.getProtocol();
    const { name: group = 'unknown' } = socket.getEphemeralKeyInfo() as { name?: string };
    socket.destroy();
    return version === 'TLSv1.3'
      ? tls.pass(`${what} speaks TLS 1.3 and is trusted; keys are agreed in ${group}`)
      : tls.warn(`${what} is trusted, but speaks ${String(version)} only: bring it up to date`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return tls.fail(`${what} (${url}) cannot be talked to: ${reason}`);
  }
}

function handshake(url: URL, trust: Trust): Promise<TLSSocket> {
  const pins = trust.fingerprints?.map((pin) => pin.replaceAll(':', '').toUpperCase());
  return new Promise((done, fail) => {
    const socket = connect({
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: Number(url.port || 443),
      ca: read(trust.caFile),
      cert: read(trust.certFile),
      key: read(trust.keyFile),
      // With pins alone the certificate is compared below, as the collector does.
      rejectUnauthorized: pins === undefined || trust.caFile !== undefined,
    });
    socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error('no answer within 5 s')));
    socket.once('error', fail);
    socket.once('secureConnect', () => {
      const shown = socket.getPeerX509Certificate()?.fingerprint256.replaceAll(':', '');
      if (pins === undefined || (shown !== undefined && pins.includes(shown))) done(socket);
      else socket.destroy(new Error('its certificate is none of QRNG_APPLIANCE_FINGERPRINT'));
    });
  });
}

function read(file: string | undefined): Buffer | undefined {
  return file === undefined ? undefined : readFileSync(file);
}
