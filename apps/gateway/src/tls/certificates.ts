/** Takes up new certificates, client CAs and revocation lists while the gateway runs, without dropping a connection. */
import { Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Server } from 'node:tls';
import { Clock } from '../clock.js';
import { FileWatcher } from '../reload/file-watcher.js';
import { GatewaySettings } from '../settings.js';
import { CertificateReports } from './certificate-reports.js';
import { readTlsContext, tlsFiles } from './tls-options.js';

@Injectable()
export class Certificates implements OnApplicationBootstrap {
  /** The connections made since the last reload: what they trust is what is trusted now. */
  #current = new WeakSet<object>();

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
    server.on('secureConnection', (socket) => this.#current.add(socket));
    this.watcher.watch('certificate', tlsFiles(this.settings), () => this.#renew(server));
    this.reports.expiry(readTlsContext(this.settings, this.clock.now()).expiresAt);
  }

  /** Whether a connection has been made since the last reload. */
  isCurrent(socket: object): boolean {
    return this.#current.has(socket);
  }

  /** New connections get the new context; tickets of the old one no longer resume, so a revoked client starts anew. */
  #renew(server: Server): void {
    const { options, expiresAt } = readTlsContext(this.settings, this.clock.now());
    server.setSecureContext(options);
    this.#current = new WeakSet();
    this.reports.reloaded(expiresAt);
  }
}
