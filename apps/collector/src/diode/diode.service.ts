/**
 * Looks at this process at the start and every five seconds, and ends it when it could be reached: by what the kernel lists of it
 * (sockets.ts), and between two looks by what Node itself is about to listen with.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { EXIT_BREACHED } from '../exit-breached.js';
import { logEvent } from '../log-events.js';
import type { LogFields } from '../log-events.js';
import { lookAtSockets } from './sockets.js';

const LOOK_EVERY_MS = 5000;
/** A server that is about to listen; a socket for datagrams that was made. */
const ABOUT_TO_LISTEN = 'tracing:net.server.listen:asyncStart';
const DATAGRAM_SOCKET = 'udp.socket';

@Injectable()
export class DiodeService implements OnApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;
  /** Sockets in no table that the look before found, too. */
  #unknown: readonly string[] | undefined;
  readonly #breach = (): never => this.#end('diode-breached', { sockets: ['a server of this process'] });
  readonly #lookSoon = (): void =>
    void setImmediate(() => {
      this.#endFor(this.#look().receiving);
    });

  /** The first look. */
  start(): void {
    this.check();
    this.#timer = setInterval(() => this.check(), LOOK_EVERY_MS);
    subscribe(ABOUT_TO_LISTEN, this.#breach);
    subscribe(DATAGRAM_SOCKET, this.#lookSoon);
  }

  onApplicationShutdown(): void {
    clearInterval(this.#timer);
    unsubscribe(ABOUT_TO_LISTEN, this.#breach);
    unsubscribe(DATAGRAM_SOCKET, this.#lookSoon);
  }

  /** Returns only when nothing can reach this process. Nothing is flushed otherwise. */
  check(): void {
    const look = this.#look();
    // Nothing of ours is open at the start. Later a socket is in no table for a moment, before it connects and after a reset.
    const strange = look.unknown.filter((inode) => this.#unknown?.includes(inode) ?? true);
    this.#unknown = look.unknown;
    this.#endFor([...look.receiving, ...strange.map((inode) => ({ table: 'none', inode })), ...look.others]);
  }

  #endFor(sockets: readonly (object | string)[]): void {
    if (sockets.length > 0) this.#end('diode-breached', { sockets });
  }

  #look(): ReturnType<typeof lookAtSockets> {
    try {
      return lookAtSockets();
    } catch (error) {
      return this.#end('diode-unproven', { reason: String(error) });
    }
  }

  #end(event: 'diode-breached' | 'diode-unproven', fields: LogFields): never {
    logEvent('fatal', event, fields);
    process.exit(EXIT_BREACHED);
  }
}
