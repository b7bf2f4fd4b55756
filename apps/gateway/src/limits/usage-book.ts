/** What each client has used in the current UTC day, and what its quota leaves. */
import { Injectable } from '@nestjs/common';
import { Clock } from '../clock.js';

const DAY_MS = 86_400_000;

/** Requests admitted, and bytes of entropy taken, in one UTC day. */
export interface DayUsage {
  requests: number;
  bytes: number;
}

@Injectable()
export class UsageBook {
  #day: number;
  #usages = new Map<string, DayUsage>();

  constructor(private readonly clock: Clock) {
    this.#day = Math.floor(clock.now() / DAY_MS);
  }

  /** Counts a request of `client`. */
  countRequest(client: string): void {
    this.of(client).requests++;
  }

  /**
   * Sets `bytes` of the quota aside, before they are taken.
   *
   * @returns false when fewer are left; nothing changes then.
   */
  reserve(client: string, bytes: number, bytesPerDay: number | undefined): boolean | Promise<boolean> {
    return this.add(client, bytes, bytesPerDay);
  }

  /** Brings what is known of a client up to date: here the day, and where others count too, their share. */
  refresh(client: string): Promise<void> | undefined {
    this.of(client);
    return undefined;
  }

  protected add(client: string, bytes: number, bytesPerDay: number | undefined): boolean {
    const usage = this.of(client);
    if (bytesPerDay !== undefined && usage.bytes + bytes > bytesPerDay) return false;
    usage.bytes += bytes;
    return true;
  }

  /** Gives back what was set aside since `day` and never taken. A day that has passed needs nothing back. */
  release(client: string, bytes: number, day: number): void {
    if (day === this.today()) this.of(client).bytes -= bytes;
  }

  /** The number of the current UTC day. */
  today(): number {
    const day = Math.floor(this.clock.now() / DAY_MS);
    // A clock that was set back does not give a quota a second time.
    if (day > this.#day) {
      this.#day = day;
      this.#usages = new Map();
    }
    return this.#day;
  }

  /** What `client` has used today. */
  of(client: string): DayUsage {
    this.today();
    const known = this.#usages.get(client);
    if (known !== undefined) return known;
    const usage = { requests: 0, bytes: 0 };
    this.#usages.set(client, usage);
    return usage;
  }

  /** What is left of a quota: nothing, when it was lowered below what was used already. */
  left(client: string, bytesPerDay: number): number {
    return Math.max(0, bytesPerDay - this.of(client).bytes);
  }

  protected set(client: string, usage: DayUsage): void {
    this.today();
    this.#usages.set(client, usage);
  }

  /** When the current day ends, Unix milliseconds. */
  resetsAt(): number {
    return (this.today() + 1) * DAY_MS;
  }

  /** All of today's usage, to be kept over a restart. */
  snapshot(): { day: number; clients: Record<string, DayUsage> } {
    return { day: this.today(), clients: Object.fromEntries(this.#usages) };
  }

  /** Takes over a snapshot of today; an older one is of no use. */
  restore(day: number, clients: Readonly<Record<string, DayUsage>>): void {
    if (day !== this.today()) return;
    this.#usages = new Map(Object.entries(clients));
  }
}
