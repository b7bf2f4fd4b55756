/**
 * Keeps the usage of the last days over a restart: `usage.json` in QRNG_STATE_DIR, written every second in which it changed, and at
 * the end. A process that is killed forgets at most that second.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { errorCode, replaceFile } from '#libs/files';
import { logEvent } from '../log-events.js';
import { StateDirectory } from '../state/state-directory.js';
import { UsageBook } from './usage-book.js';
import type { DayUsage, UsageDays } from './usage-book.js';

const WRITE_EVERY_MS = 1000;

@Injectable()
export class UsageFile implements OnApplicationShutdown {
  readonly #path: string;
  readonly #timer: NodeJS.Timeout | undefined;
  #written = '';
  #fails = false;

  constructor(
    private readonly directory: StateDirectory,
    private readonly usage: UsageBook,
  ) {
    this.#path = join(directory.path, 'usage.json');
    if (!directory.isOwn) return;
    this.#read();
    this.#timer = setInterval(() => this.#write(), WRITE_EVERY_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.#timer);
    if (this.directory.isOwn) this.#write();
  }

  #read(): void {
    try {
      this.usage.restore(parsed(readFileSync(this.#path, 'utf8')));
    } catch (error) {
      const reason = errorCode(error);
      if (reason === 'ENOENT') return;
      logEvent('error', 'usage-lost', { reason });
    }
  }

  #write(): void {
    const text = JSON.stringify({ days: this.usage.snapshot() });
    if (text === this.#written) return;
    try {
      replaceFile(this.#path, text, { sync: false }); // once a second, so it does not wait for the disk
      this.#written = text;
      if (this.#fails) logEvent('log', 'usage-written');
      this.#fails = false;
    } catch (error) {
      if (!this.#fails) logEvent('error', 'usage-not-written', { reason: errorCode(error) });
      this.#fails = true;
    }
  }
}

/** @throws {TypeError} when the file is not what `#write` writes, or what version 1.0 wrote: one day and its clients. */
function parsed(text: string): UsageDays {
  const file = JSON.parse(text) as { days?: unknown; day?: unknown; clients?: unknown };
  const days = file.days ?? { [String(file.day)]: file.clients };
  if (!isRecord(days) || !Object.entries(days).every(isDay)) throw new TypeError('not usage');
  return days as UsageDays;
}

function isDay([day, clients]: [string, unknown]): boolean {
  return /^\d{1,9}$/.test(day) && isRecord(clients) && Object.values(clients).every(isUsage);
}

function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isUsage(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { requests, bytes } = value as Partial<DayUsage>;
  return isCount(requests) && isCount(bytes);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
