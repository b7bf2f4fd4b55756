/**
 * The certificate of the server and the authorities of its clients: taken up again while the gateway runs, without dropping a
 * connection, and looked at once a day, since they have an end.
 */
import { Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Server } from 'node:tls';
import type { Authorities, Dated } from '#libs/certificates';
import { Clock } from '../clock.js';
import { FileWatcher } from '../reload/file-watcher.js';
import { GatewaySettings } from '../settings.js';
import { CertificateReports } from './certificate-reports.js';
import { keyExchangeGroup } from './key-exchange.js';
import { clientCaFile, contextOf, readClientAuthorities, readServerCertificate } from './tls-options.js';
import type { ServerCertificate } from './tls-options.js';

@Injectable()
export class Certificates implements OnApplicationBootstrap, OnApplicationShutdown {
  /** The connections made since the last reload. */
  #current = new WeakSet<object>();
  /** Those made since other client certificates are trusted: what was checked then holds now. */
  #trusted = new WeakSet<object>();
  /** When the client certificate of a connection expires, Unix ms. */
  readonly #ends = new WeakMap<object, number>();
  #clients: Authorities | undefined;
  #onTrustChange: () => void = () => undefined;
  #timer: NodeJS.Timeout | undefined;

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
      this.reports.handshake(keyExchangeGroup(socket));
      this.#current.add(socket);
      this.#trusted.add(socket);
      const shown = this.#clients === undefined ? undefined : socket.getPeerX509Certificate();
      if (shown !== undefined) this.#ends.set(socket, Date.parse(shown.validTo));
    });
    const { QRNG_TLS_CERT_FILE: cert = '', QRNG_TLS_KEY_FILE: key = '' } = this.settings;
    const clientCa = clientCaFile(this.settings);
    let certificate = readServerCertificate(this.settings, this.clock.now());
    this.#clients = readClientAuthorities(this.settings, this.clock.now());
    this.watcher.watch('certificate', [cert, key], () => {
      certificate = readServerCertificate(this.settings, this.clock.now());
      this.#use(server, certificate);
      this.reports.reloaded(certificate.expiresAt);
    });
    if (clientCa !== undefined) {
      this.watcher.watch('client-ca', [clientCa], () => {
        const before = this.#clients;
        this.#clients = readClientAuthorities(this.settings, this.clock.now());
        this.#use(server, certificate);
        if (sameTrust(before, this.#clients)) return;
        this.reports.clientCaReloaded();
        this.#changeTrust();
      });
    }
    this.#look(server, certificate);
  }

  onApplicationShutdown(): void {
    clearTimeout(this.#timer);
  }

  /**
   * What a connection was made with: what is in use now, something else that trusts the same client certificates, or another
   * client CA or revocation list (also the same one, before it expired); or a certificate that has expired since.
   */
  trustOf(socket: object): 'current' | 'renewed' | 'changed' | 'expired' {
    if (this.clock.now() >= (this.#ends.get(socket) ?? Infinity)) return 'expired';
    if (this.#current.has(socket)) return 'current';
    return this.#trusted.has(socket) ? 'renewed' : 'changed';
  }

  /** Has `listener` called when other client certificates are trusted than before. */
  whenTrustChanges(listener: () => void): void {
    this.#onTrustChange = listener;
  }

  /** New connections get the new context; tickets of the old one no longer resume, so a revoked client starts again. */
  #use(server: Server, certificate: ServerCertificate): void {
    server.setSecureContext(contextOf(certificate, this.#clients));
    this.#current = new WeakSet();
    this.#look(server, certificate);
  }

  #changeTrust(): void {
    this.#trusted = new WeakSet();
    this.#onTrustChange();
  }

  /** Looks at what is in use, and again when something of it expires, or tomorrow; whether more client certificates are refused than before. */
  #look(server: Server, certificate: ServerCertificate): boolean {
    const now = this.clock.now();
    const clients = this.#clients?.at(now);
    const dates: Dated[] = [
      { what: 'server', variable: 'QRNG_TLS_CERT_FILE', expiresAt: certificate.expiresAt },
    ];
    const ofClients = (what: string, expiresAt: number | undefined): void => {
      if (expiresAt !== undefined) dates.push({ what, variable: 'QRNG_TLS_CLIENT_CA_FILE', expiresAt });
    };
    ofClients('client_ca', clients?.expiresAt);
    ofClients('client_crl', clients?.listsExpireAt);
    const { nextLookMs, isWorse } = this.reports.look(dates, clients?.faults ?? [], now);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#lookAgain(server, certificate), nextLookMs).unref();
    return isWorse;
  }

  /**
   * What has come to its end keeps out those, too, whom it let in: they come again, and OpenSSL checks them again. So does each
   * connection once a day, since nobody sees when an authority ends that only the client has sent along.
   */
  #lookAgain(server: Server, certificate: ServerCertificate): void {
    this.#current = new WeakSet();
    if (!this.#look(server, certificate)) return;
    server.setSecureContext(contextOf(certificate, this.#clients));
    this.#changeTrust();
  }
}

function sameTrust(one: Authorities | undefined, other: Authorities | undefined): boolean {
  return JSON.stringify([one?.ca, one?.crl]) === JSON.stringify([other?.ca, other?.crl]);
}
