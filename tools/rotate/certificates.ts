/** Issues the gateway's or the collector's certificate again, with a new key, by the authority of the setup folder. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { CommandError } from '#libs/command-line';
import { openAuthority } from '../certificates/authority.js';
import { installationOf } from '../setup/installation.js';
import type { Answers } from '../setup/installation.js';
import { issueCollector, issueGateway } from '../setup/material.js';
import { read } from './step.js';
import type { Step } from './step.js';

export type Kind = 'tls' | 'client';

const DAY_MS = 86_400_000;
const FILES = {
  tls: { certificate: 'gateway/tls.crt', key: 'gateway/tls.key', authority: 'gateway-ca' },
  client: { certificate: 'collector/push.crt', key: 'collector/push.key', authority: 'collector-ca' },
} as const;

/**
 * @param folder that `npm run setup` made.
 * @param days how long the new certificate is valid; as at setup by default.
 * @throws {CommandError} when the folder lacks what is needed.
 */
export async function rotateCertificate(
  kind: Kind,
  folder: string,
  { days, again }: { days?: string | undefined; again: boolean },
  now: number,
): Promise<Step> {
  const { certificate, key, authority: name } = FILES[kind];
  const old = usable(join(folder, certificate), join(folder, key));
  if (old !== undefined && now - Date.parse(old.validFrom) < DAY_MS && !again) {
    return {
      changes: [],
      next: `${certificate} was issued within the last day: nothing to do (--again issues another).`,
    };
  }
  const installation = installationOf({ ...answers(folder), ...(days === undefined ? {} : { days }) });
  const authority = await openAuthority(
    read(join(folder, `authority/${name}.crt`)),
    read(join(folder, `authority/${name}.key`)),
  ).catch((error: unknown) => {
    throw error instanceof CommandError ? error : new CommandError(`authority/${name}.key cannot be used`);
  });
  const issue = kind === 'tls' ? issueGateway : issueCollector;
  const { certificatePem, keyPem } = await issue(authority, installation);
  const issued = new X509Certificate(certificatePem);
  const what = `for ${issued.subjectAltName ?? ''}, valid until ${issued.validTo}`;
  return {
    changes: [
      { path: join(folder, key), content: keyPem, what: 'its key' },
      { path: join(folder, certificate), content: certificatePem, what },
    ],
    next:
      kind === 'tls'
        ? 'The authority is the same: no client has to change.'
        : 'The authority is the same: the gateway takes it at once.',
  };
}

function answers(folder: string): Answers {
  try {
    return JSON.parse(read(join(folder, 'setup.json'))) as Answers;
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(`${join(folder, 'setup.json')} is damaged`);
  }
}

/** The certificate that is there; undefined when it cannot be decoded or has another key: then it is time for another. */
function usable(path: string, keyPath: string): X509Certificate | undefined {
  const [pem, key] = [read(path), read(keyPath)];
  try {
    const certificate = new X509Certificate(pem);
    return certificate.checkPrivateKey(createPrivateKey(key)) ? certificate : undefined;
  } catch {
    return undefined; // an empty or damaged file is replaced
  }
}
