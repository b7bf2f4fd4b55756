/** Reports certificates and what becomes of them: metric, log, audit trail, warnings. */
import cluster from 'node:cluster';
import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter, Gauge } from 'prom-client';
import { daysUntil, outlook } from '#libs/certificates';
import type { Dated } from '#libs/certificates';
import { AuditTrail } from '../audit/audit-trail.js';
import { logEvent } from '../log-events.js';
import { Warnings } from '../metrics/warnings.js';

/** What each thing with an end is called, and what happens at its end. */
const NAMES: Readonly<Record<string, { name: string; then: string }>> = {
  server: { name: 'The certificate', then: 'no client and no collector can connect' },
  client_ca: { name: 'A client CA certificate', then: 'its collectors are refused' },
  client_crl: { name: 'A revocation list', then: 'collectors of its CA are refused' },
};

/** What is looked at each day is logged each day. */
const HALF_A_DAY_MS = 43_200_000;

@Injectable()
export class CertificateReports {
  #warnings: readonly string[] = [];
  #faults: readonly string[] = [];
  #clientFaults: readonly string[] = [];
  #said = '';
  #saidAt = 0;

  constructor(
    @InjectMetric('qrng_certificate_expiry_timestamp_seconds') private readonly expires: Gauge,
    @InjectMetric('qrng_tls_handshakes_total') private readonly handshakes: Counter,
    private readonly audit: AuditTrail,
    warnings: Warnings,
  ) {
    warnings.from(() => this.#warnings);
  }

  /** A connection agreed its keys in this group. */
  handshake(group: string): void {
    this.handshakes.inc({ group });
  }

  reloaded(expiresAt: number): void {
    const expires = new Date(expiresAt).toISOString();
    logEvent('log', 'certificate-reloaded', { expires });
    this.audit.record('certificate-reloaded', { reason: `expires ${expires}` });
  }

  clientCaReloaded(): void {
    logEvent('log', 'client-ca-reloaded');
    this.audit.record('client-ca-reloaded', {});
  }

  /** What has expired or cannot be used of the files in use: their variables. */
  unusable(): readonly string[] {
    return this.#faults;
  }

  /**
   * What is in use, as it stands at `now` (Unix ms).
   *
   * @param faults why some client certificates are refused.
   * @returns milliseconds until the next look, and whether there are faults that were none at the last one.
   */
  look(
    dates: readonly Dated[],
    faults: readonly string[],
    now: number,
  ): { nextLookMs: number; isWorse: boolean } {
    const { expired, expiring, nextLookMs } = outlook(dates, now);
    this.expires.reset();
    for (const { what, expiresAt } of dates) {
      if (expiresAt < Infinity) this.expires.set({ what }, expiresAt / 1000);
    }
    // An authority or list that has expired is among the faults, which say which it is.
    const own = expired.filter(({ what }) => what === 'server');
    if (this.#isNews(JSON.stringify([own, expiring, faults]), now)) log(own, expiring, faults);
    this.#warnings = [
      ...[...own, ...expiring].map((one) => sentence(one, now)),
      ...faults.map(
        (fault) => `QRNG_TLS_CLIENT_CA_FILE: ${fault}. Its collectors are refused until it is replaced.`,
      ),
    ];
    this.#faults = [
      ...own.map(({ variable }) => variable),
      ...(faults.length > 0 ? ['QRNG_TLS_CLIENT_CA_FILE'] : []),
    ];
    const isWorse = faults.some((fault) => !this.#clientFaults.includes(fault));
    this.#clientFaults = faults;
    return { nextLookMs, isWorse };
  }

  /** Not again on each reload, and not by every worker: they have the files of their head. */
  #isNews(found: string, now: number): boolean {
    if (cluster.isWorker || (found === this.#said && now - this.#saidAt < HALF_A_DAY_MS)) return false;
    this.#said = found;
    this.#saidAt = now;
    return true;
  }
}

function log(expired: readonly Dated[], expiring: readonly Dated[], faults: readonly string[]): void {
  for (const { what, variable, expiresAt } of expiring) {
    logEvent('warn', 'certificate-expiring', { what, variable, ...date(expiresAt) });
  }
  for (const { what, variable, expiresAt } of expired) {
    logEvent('error', 'certificate-expired', { what, variable, ...date(expiresAt) });
  }
  if (faults.length > 0) {
    logEvent('error', 'client-ca-unusable', { variable: 'QRNG_TLS_CLIENT_CA_FILE', faults });
  }
}

function sentence({ what, variable, expiresAt }: Dated, now: number): string {
  const { name, then } = NAMES[what] ?? { name: what, then: 'it is refused' };
  const { expires } = date(expiresAt);
  return expiresAt <= now
    ? `${name} in ${variable} expired on ${expires}: ${then}. Replace it.`
    : `${name} in ${variable} expires in ${daysUntil(expiresAt, now)} days, on ${expires}; then ${then}. Replace it.`;
}

function date(expiresAt: number): { expires: string } {
  return { expires: new Date(expiresAt).toISOString() };
}
