/** Takes up new certificates, client CAs and revocation lists while the gateway runs, without dropping a connection. */
import { Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Server } from 'node:tls';
import type { SecureContextOptions } from 'node:tls';
import { Clock } from '../clock.js';
import { FileWatcher } from '../reload/file-watcher.js';
import { GatewaySettings } from '../settings.js';
import { CertificateReports } from './certificate-reports.js';
import { readTlsContext, tlsFiles } from './tls-options.js';

@Injectable()
export class Certificates implements OnApplicationBootstrap {
  /** The connections made since the last reload. */
  #current = new WeakSet<object>();
  /** Those made since other client certificates are trusted: what was checked then holds now. */
  #trusted = new WeakSet<object>();
  #clientTrust = '';
  #onTrustChange: () => void = () => undefined;

  constructor(
    private readonly settings: GatewaySettings,
    private readonly clock: Clock,
    private readonly watcher: FileWatcher,
    private readonly reports: CertificateReports,
    private readonly adapters: HttpAdapterHost,
  ) {}

  onApplicationBootstrap(): void {
    const server: unknown = this.adapters.httpAdapter.getHttpServer();
    if (!(server instanceof Server)) return; // QRNG_TLS=off: a proxy holds the certificate
    server.on('secureConnection', (socket) => {
      this.#current.add(socket);
      this.#trusted.add(socket);
    });
    this.watcher.watch('certificate', tlsFiles(this.settings), () => this.#renew(server));
    const { options, expiresAt } = readTlsContext(this.settings, this.clock.now());
    this.#clientTrust = clientTrustOf(options);
    this.reports.expiry(expiresAt);
  }

  /**
   * What a connection was made with: what is in use now, something else that trusts the same client certificates, or another
   * client CA or revocation list.
   */
  trustOf(socket: object): 'current' | 'renewed' | 'changed' {
    if (this.#current.has(socket)) return 'current';
    return this.#trusted.has(socket) ? 'renewed' : 'changed';
  }

  /** Has `listener` called when other client certificates are trusted than before. */
  whenTrustChanges(listener: () => void): void {
    this.#onTrustChange = listener;
  }

  /** New connections get the new context; tickets of the old one no longer resume, so a revoked client starts anew. */
  #renew(server: Server): void {
    const { options, expiresAt } = readTlsContext(this.settings, this.clock.now());
    server.setSecureContext(options);
    this.#current = new WeakSet();
    this.reports.reloaded(expiresAt);
    this.#noteTrust(clientTrustOf(options));
  }

  #noteTrust(clientTrust: string): void {
    if (clientTrust === this.#clientTrust) return;
    this.#clientTrust = clientTrust;
    this.#trusted = new WeakSet();
    this.#onTrustChange();
  }
}

function clientTrustOf({ ca, crl }: SecureContextOptions): string {
  return JSON.stringify([ca, crl]);
}
