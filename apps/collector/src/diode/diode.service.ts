/** Looks at this process at the start and every ten seconds, and ends it when it could take what others send. */
import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { logEvent } from '../log-events.js';
import { receivingSockets } from './sockets.js';

const CHECK_EVERY_MS = 10_000;
/** EX_SOFTWARE of sysexits.h. */
const EXIT_BREACHED = 70;

@Injectable()
export class DiodeService implements OnApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;

  /** The first check; then one every ten seconds. */
  async start(): Promise<void> {
    await this.check();
    this.#timer = setInterval(() => void this.check(), CHECK_EVERY_MS);
  }

  onApplicationShutdown(): void {
    clearInterval(this.#timer);
  }

  /** Returns only when no socket of this process takes what others send. Nothing is flushed otherwise. */
  async check(): Promise<void> {
    try {
      const sockets = await receivingSockets();
      if (sockets.length === 0) return;
      logEvent('fatal', 'diode-breached', { sockets });
    } catch (error) {
      logEvent('fatal', 'diode-unproven', { reason: String(error) });
    }
    process.exit(EXIT_BREACHED);
  }
}
