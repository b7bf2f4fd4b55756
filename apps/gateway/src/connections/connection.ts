/**
 * One connection, from its accepted socket on: what it holds, and the requests that it has sent and not had answers to.
 *
 *   accepted -> in line for a handshake -> secure -> request, answer, request, answer ... -> closed
 *
 * Requests go on one at a time, each when the client has taken the answer before; those that were sent together wait, and nothing
 * more is read meanwhile. So a client that does not read costs the gateway one answer, not all that it asks for. Of somebody known
 * one can wait without that: over TLS most requests are there before Node says that the answer before is sent.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { BOUNDS } from '../bounds.js';
import type { Hall } from './hall.js';
import { endsOf } from './kernel-queues.js';
import { nameSource, sentOf } from './node-socket.js';
import type { ClientAddress } from './node-socket.js';
import { Pause } from './pause.js';
import type { Place } from './room.js';
import type { Waiter } from './turns.js';
import { isShuttingDown, lingerInsteadOfEnd, resetInsteadOfClose, UnreadAnswers } from './unread-answers.js';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

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
  /** Large answers that are under way; and what is charged for them, to those who have shown a key. */
  #answerBytes = 0;
  #underWayBytes = 0;
  #stalled: Stalled | undefined;
  /** What its client had read at the last look. */
  #read = 0;
  readonly #unread: UnreadAnswers;
  /** Its row in the kernel's tables. */
  readonly #ends: string;
  /** When it was to end, but for what its client has still to read. */
  #endedAt: number | undefined;
  readonly #pause = new Pause(() => this.#socket);
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
    this.#ends = endsOf(accepted);
    const isDue = (): boolean => this.#unread.areCharged && !hall.isStopping();
    resetInsteadOfClose(accepted, () => isDue() && !isShuttingDown(this.#socket));
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
      if (this.place.grow(bytes)) go();
    };
    if (this.#isKnown) begin();
    else this.#waitInLine(units, this.#roomFor(bytes), begin);
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

  /**
   * Its client has shown a certificate, a key or a packet: it moves to the room of those who have.
   *
   * @param key the name of the key, whose connections together are charged as one; a proxy brings the keys of many.
   */
  prove(key?: string): void {
    this.hall.turns.trust(this.place.source);
    this.#isKnown = true;
    this.place.moveTo(this.hall.known, this.#isProxy ? undefined : key);
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
      if (!this.#isKnown || this.#waiting.length > 1) this.#pause.begin();
    }
  }

  /**
   * Charges an answer of `bytes`, and calls `go` to have it sent: of a stranger, once there is room for a large one.
   *
   * @param hasRate whether it is to a request with a key, of which there are so many a minute; anybody may ask for others without end.
   */
  answering(bytes: number, hasRate: boolean, go: () => void): void {
    const isLarge = bytes > BOUNDS.smallAnswerBytes;
    if (isLarge) this.#answerBytes += bytes;
    if (hasRate) {
      this.#unread.note(bytes);
      this.#underWayBytes += isLarge ? bytes : 0;
      if (isLarge) this.place.grow(bytes);
      go();
      return;
    }
    const send = (): void => {
      this.place.since = this.hall.now(); // it was not slow itself while it waited
      this.#unread.add(bytes);
      this.hall.lookSoon();
      go();
    };
    const isReady = this.#roomFor(this.#unread.costOf(bytes) + BOUNDS.spareBytes);
    if (this.#isKnown || !isLarge || isReady()) send();
    else this.#waitInLine(0, isReady, send);
  }

  /** Begins a look at the kernel's tables, if that can hold much of its answers; whether it can. */
  beginLook(): boolean {
    this.#unread.beginLook();
    return this.#unread.mayBeLarge || this.#answerBytes > 0;
  }

  /** Ends a look that found `queues` (kernelQueues()), beside what this process still holds; whether something is charged then. */
  endLook(queues: ReadonlyMap<string, number>): boolean {
    const bytes = queues.get(this.#ends);
    if (bytes === undefined) return this.#unread.areCharged;
    const read = sentOf(this.#socket) - bytes;
    if (read - this.#read >= BOUNDS.readBytes) this.place.since = this.hall.now();
    this.#read = read;
    this.#unread.endLook(bytes + Math.max(0, this.#socket.writableLength - this.#underWayBytes));
    return this.#unread.areCharged;
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
    this.place.shrink(this.#underWayBytes);
    this.#unread.note(this.#answerBytes); // the end of it, of which the kernel had nothing at the last look
    if (this.#answerBytes > this.#underWayBytes) this.hall.lookSoon();
    this.#answerBytes = this.#underWayBytes = 0;
    if (this.#isOver) return;
    const goOn = (): void => this.#goOn();
    if (this.#isKnown) goOn();
    else if (!this.#waitInLine(units, () => true, goOn)) this.#pause.begin();
  };

  /** Waits, once the connection is closed, for nothing any more. */
  closed(): void {
    this.place.leave();
    if (this.#waiter !== undefined) this.hall.turns.cancel(this.#waiter);
  }

  /** Calls `go` when it is its turn; returns false when it waits. */
  #waitInLine(units: number, isReady: () => boolean, go: () => void): boolean {
    this.#waiter = {
      source: this.place.source,
      units,
      isReady,
      go: () => {
        this.#waiter = undefined;
        go();
      },
    };
    return this.hall.turns.take(this.#waiter);
  }

  /** Whether there is room by then. */
  #roomFor(bytes: number): () => boolean {
    const { strangers, now } = this.hall;
    const since = now();
    return () => strangers.hasRoomFor(this.place.source, bytes, now() - since);
  }

  #goOn(): void {
    const next = this.#waiting.shift();
    if (this.#isOver) return;
    // Of the last one that was read the body may still be in the socket.
    if (this.#waiting.length === 0) this.#pause.end();
    if (next === undefined) {
      this.#isUnderWay = false;
      return;
    }
    this.place.shrink(BOUNDS.waitingRequestBytes);
    next();
  }

  #linger(): void {
    this.#endedAt ??= this.hall.now();
    this.#pause.end(); // to see that the client has gone
  }

  readonly #mayBeUnread = (): boolean =>
    (this.#unread.mayBeLarge || this.#answerBytes > 0) && !this.hall.isStopping();

  /** After the answer that says `Connection: close`, nothing more is answered. */
  get #isOver(): boolean {
    return this.#socket.destroyed || this.#socket.writableEnded;
  }
}
