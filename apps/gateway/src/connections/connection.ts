/**
 * One connection, from its accepted socket on: what it holds, and the requests that it has sent and not had answers to.
 *
 *   accepted -> in line for a handshake -> secure -> request, answer, request, answer ... -> closed
 *
 * Requests go on one at a time, each when the client has taken the answer before; those that were sent together wait, and nothing
 * more is read meanwhile. So a client that does not read costs the gateway one answer, not all that it asks for.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIPv6 } from 'node:net';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { BOUNDS } from '../bounds.js';
import type { Place, Room } from './room.js';
import type { Turns, Waiter } from './turns.js';
import { isShuttingDown, lingerInsteadOfEnd, resetInsteadOfClose, UnreadAnswers } from './unread-answers.js';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** The client of a connection that a proxy passes on. */
export interface ClientAddress {
  readonly address: string;
  readonly port: number;
}

export interface Hall {
  readonly strangers: Room;
  readonly known: Room;
  readonly turns: Turns;
  readonly now: () => number;
  /** Whether the gateway stops: then the kernel may go on with what it holds. */
  readonly isStopping: () => boolean;
}

/** An answer of which nothing was read lately. */
interface Stalled {
  readonly sent: number;
  readonly since: number;
}

export class Connection {
  #requests = 0;
  #socket: Socket;
  #isProxy = false;
  #client: ClientAddress | undefined;
  #isKnown = false;
  /** Whether requests can come: for TLS, after the handshake. */
  #isOpen = false;
  #isUnderWay = false;
  /** Whether its answer is not sent yet. */
  #isAnswering = false;
  /** Large answers that are under way; and what is charged for them, to those who are known. */
  #answerBytes = 0;
  #underWayBytes = 0;
  #stalled: Stalled | undefined;
  readonly #unread: UnreadAnswers;
  /** When it was to end, but for what its client has still to read. */
  #endedAt: number | undefined;
  #isPaused = false;
  #waiter: Waiter | undefined;
  readonly #waiting: (() => void)[] = [];

  /** @param accepted the socket under TLS, if there is TLS. */
  constructor(
    private readonly hall: Hall,
    readonly place: Place,
    accepted: Socket,
  ) {
    this.#socket = accepted;
    this.#unread = new UnreadAnswers(place);
    resetInsteadOfClose(accepted, () => this.#mayBeUnread() && !isShuttingDown(this.#socket));
  }

  /** What requests come on, once they can. */
  get socket(): Socket {
    return this.#socket;
  }

  /** Whether it is that of a trusted proxy, which brings many clients. */
  get isProxy(): boolean {
    return this.#isProxy;
  }

  /** Whether its client has shown who it is. */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  /** Whether the answer under way is to be the last one. Requests that are there already are answered, too. */
  get isUsedUp(): boolean {
    return this.#requests >= BOUNDS.requestsPerConnection && this.#waiting.length === 0;
  }

  proveProxy(): void {
    this.#isProxy = true;
    this.prove();
  }

  /** A trusted proxy says who its client is: from now on its sockets have that address. */
  comeFrom(client: ClientAddress): void {
    this.#client = client;
    nameSource(this.#socket, client);
  }

  open(): void {
    this.#isOpen = true;
    lingerInsteadOfEnd(this.#socket, this.#mayBeUnread, () => this.#linger());
  }

  /** Its handshake is over; a certificate that was demanded and is valid is proof of who it is. */
  secure(socket: TLSSocket): void {
    this.#socket = socket;
    if (this.#client !== undefined) nameSource(socket, this.#client);
    this.open();
    this.place.since = this.hall.now();
    if (socket.authorized) this.prove();
  }

  /** Calls `go` when there is time and room for it; a connection that is closed meanwhile is forgotten. */
  whenItsTurn(units: number, bytes: number, go: () => void): void {
    const begin = (): void => {
      this.#waiter = undefined;
      if (this.place.grow(bytes)) go();
    };
    if (this.#isKnown) {
      begin();
      return;
    }
    const { source } = this.place;
    const isReady = (): boolean => this.hall.strangers.hasRoomFor(source, bytes);
    this.#waiter = { source, units, isReady, go: begin };
    this.hall.turns.take(this.#waiter);
  }

  /** Whether it waits in vain: too long for its handshake, or for its client to read. */
  isStuck(now: number): boolean {
    if (!this.#isOpen) return now - this.place.since > BOUNDS.handshakeMs;
    if (this.#endedAt !== undefined) return !this.#mayBeUnread() || now - this.#endedAt >= BOUNDS.unreadMs;
    if (!this.#isUnderWay || this.#socket.writableLength === 0) {
      this.#stalled = undefined;
      return false;
    }
    const sent = sentOf(this.#socket);
    if (sent !== this.#stalled?.sent) this.#stalled = { sent, since: now };
    return now - this.#stalled.since >= BOUNDS.unreadMs;
  }

  /** Nothing came or went for too long; while an answer is under way, that is for the answer to say. */
  expire(): void {
    if (this.#isAnswering) return;
    if (this.#mayBeUnread()) this.#socket.destroySoon();
    else this.#socket.destroy();
  }

  /** Whether it could have sent a request for `ms`, and has never sent one. */
  isSilentFor(ms: number, now: number): boolean {
    return this.#isOpen && this.#requests === 0 && now - this.place.since >= ms;
  }

  endIfIdleWithCertificate(): void {
    const socket = this.#socket;
    if (!this.#isUnderWay && socket instanceof TLSSocket && socket.authorized) socket.destroySoon();
  }

  /** Its client has shown a certificate, a key or a packet: it moves to the room of those who have. */
  prove(): void {
    this.hall.turns.trust(this.place.source);
    if (this.#isKnown) return;
    this.#isKnown = true;
    this.#unread.clear();
    this.place.moveTo(this.hall.known);
  }

  /** Its client has shown a key that is not valid, or not any more. */
  doubt(): void {
    if (!this.#isKnown) return;
    this.#isKnown = false;
    this.place.moveTo(this.hall.strangers);
  }

  receive(request: IncomingMessage, response: ServerResponse, handler: Handler): void {
    if (this.#isOver) {
      if (this.#endedAt !== undefined) this.#socket.destroy();
    } else if (!this.#isUnderWay) this.#begin(request, response, handler);
    else if (this.#waiting.length + 1 >= BOUNDS.requestsAtATime) this.#socket.destroy();
    else if (this.place.grow(BOUNDS.waitingRequestBytes)) {
      this.#waiting.push(() => this.#begin(request, response, handler));
      this.#pause();
    }
  }

  /** Notes the size of the answer that is under way; false when there was no room for it. */
  answering(bytes: number): boolean {
    const isLarge = bytes > BOUNDS.smallAnswerBytes;
    if (isLarge) this.#answerBytes += bytes;
    if (!this.#isKnown) return this.#unread.add(bytes);
    if (!isLarge) return true;
    this.#underWayBytes += bytes;
    return this.place.grow(bytes);
  }

  #begin(request: IncomingMessage, response: ServerResponse, handler: Handler): void {
    this.#requests += 1;
    this.#isUnderWay = this.#isAnswering = true;
    response.once('close', this.#answered);
    handler(request, response);
  }

  readonly #answered = (): void => {
    this.#isAnswering = false;
    this.place.since = this.hall.now();
    const cost = BOUNDS.requestUnits + Math.ceil(this.#answerBytes / BOUNDS.unitBytes);
    const units = Math.min(cost, BOUNDS.turnUnits); // what no turn has room for would wait forever
    if (this.#underWayBytes > 0) this.place.shrink(this.#underWayBytes);
    this.#answerBytes = this.#underWayBytes = 0;
    if (this.#isKnown) this.#goOn();
    else if (!this.#isOver) this.#waitForTurn(units);
  };

  /** Waits, once the connection is closed, for nothing any more. */
  closed(): void {
    this.place.leave();
    if (this.#waiter !== undefined) this.hall.turns.cancel(this.#waiter);
  }

  #waitForTurn(units: number): void {
    const go = (): void => {
      this.#waiter = undefined;
      this.#goOn();
    };
    const { source } = this.place;
    this.#waiter = { source, units, isReady: () => true, go };
    if (!this.hall.turns.take(this.#waiter)) this.#pause();
  }

  #goOn(): void {
    const next = this.#waiting.shift();
    if (this.#isOver) return;
    // Of the last one that was read the body may still be in the socket.
    if (this.#waiting.length === 0) this.#resume();
    if (next === undefined) {
      this.#isUnderWay = false;
      return;
    }
    this.place.shrink(BOUNDS.waitingRequestBytes);
    next();
  }

  #linger(): void {
    this.#endedAt ??= this.hall.now();
    this.#resume(); // to see that the client has gone
  }

  #resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#socket.off('resume', this.#stayPaused);
    this.#socket.resume();
  }

  #pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#socket.on('resume', this.#stayPaused);
    this.#socket.pause();
  }

  /** Node resumes the socket whenever the body of a request is read, if there is one or not. */
  readonly #stayPaused = (): void => {
    this.#socket.pause();
  };

  readonly #mayBeUnread = (): boolean => this.#unread.areLarge && !this.hall.isStopping();

  /** After the answer that says `Connection: close`, nothing more is answered. */
  get #isOver(): boolean {
    return this.#socket.destroyed || this.#socket.writableEnded;
  }
}

/** On the socket itself, as Node, Fastify and what logs all read it there. */
function nameSource(socket: Socket, { address, port }: ClientAddress): void {
  const family = isIPv6(address) ? 'IPv6' : 'IPv4';
  Object.defineProperties(socket, {
    remoteAddress: { value: address },
    remotePort: { value: port },
    remoteFamily: { value: family },
  });
}

/** Bytes that the kernel has taken of what was written. */
function sentOf(socket: Socket): number {
  // The queue below the stream is no public property; without it, a slow reader of one large answer would seem not to read.
  const { writeQueueSize = 0 } = (socket as { _handle?: { writeQueueSize?: number } | null })._handle ?? {};
  return socket.bytesWritten - writeQueueSize;
}
