/** The keys and certificates of an installation. Each is made once: what the folder has already is used as it is. */
import { createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { verifierKey } from '#libs/tlog';
import { createAuthority, openAuthority } from '../certificates/authority.js';
import type { Authority, IssuedCertificate } from '../certificates/authority.js';
import { createKey } from '../keys/commands.js';
import type { Installation } from './installation.js';

export class Material {
  readonly gatewayAuthority = once(() => this.#authority('gateway'));
  readonly collectorAuthority = once(() => this.#authority('collector'));
  readonly gatewayCertificate = once(async () =>
    issueGateway(await this.gatewayAuthority(), this.installation),
  );
  readonly collectorCertificate = once(async () =>
    issueCollector(await this.collectorAuthority(), this.installation),
  );
  /** 64 hex digits; the same on both machines. */
  readonly hmacKey = once(
    () =>
      this.#stored('gateway/hmac.key')?.trim() ??
      this.#stored('collector/hmac.key')?.trim() ??
      randomBytes(32).toString('hex'),
  );
  /** The collector's Ed25519 key, PEM. */
  readonly signingKey = once(() => this.#stored('collector/signing.key') ?? createSigningKey());
  /** The Ed25519 key of the gateway's receipt log, PEM. */
  readonly receiptsKey = once(() => this.#stored('gateway/receipts.key') ?? createSigningKey());
  readonly apiKey = once(() => createKey(this.installation.client, { scopes: 'random,status' }));

  /** @param folder that setup writes to. */
  constructor(
    private readonly installation: Installation,
    private readonly folder: string,
  ) {}

  #authority(name: 'gateway' | 'collector'): Promise<Authority> {
    const certificate = this.#stored(`authority/${name}-ca.crt`);
    const key = this.#stored(`authority/${name}-ca.key`);
    return certificate === undefined || key === undefined
      ? createAuthority(`QRNG-DD ${name} CA (${this.installation.gateway})`)
      : openAuthority(certificate, key);
  }

  #stored(name: string): string | undefined {
    const path = join(this.folder, name);
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  }
}

/** An Ed25519 key, PEM. */
export function createSigningKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
}

/** The public half of an Ed25519 key (PEM) under `name`, as verifiers of receipts pin it. */
export function publicHalf(name: string, pem: string): string {
  return `${verifierKey({ name, key: createPrivateKey(pem) })}\n`;
}

/** A server certificate for all names and addresses of the gateway. */
export function issueGateway(authority: Authority, of: Installation): Promise<IssuedCertificate> {
  const hosts = [...new Set([of.gateway, ...of.names, ...of.gatewayAddresses])];
  return authority.issue({ commonName: of.gateway, hosts, days: of.days });
}

export function issueCollector(authority: Authority, of: Installation): Promise<IssuedCertificate> {
  const hosts = [...new Set([of.collectorHost, ...of.collectorAddresses])];
  return authority.issue({ commonName: of.collectorId, hosts, days: of.days, client: true });
}

/** Runs `make` at the first call, and gives its result to every call. */
function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
