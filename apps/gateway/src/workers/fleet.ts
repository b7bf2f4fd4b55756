/**
 * The workers of a head: starts them, replaces those that end, and stops them before the head ends.
 *
 *   fork the first -> it listens (or the head ends as it did) -> fork the others -> one ends: counted, replaced
 */
import cluster from 'node:cluster';
import type { Worker } from 'node:cluster';
import { setTimeout as sleep } from 'node:timers/promises';
import { Channel } from '../link/channel.js';
import { logEvent } from '../log-events.js';
import type { GatewayMetrics } from '../metrics/gateway-metrics.js';
import { PORT, RELOAD } from './calls.js';
import type { Desk } from './desk.js';

/** One that lived for less than this is replaced after as long, so that a fault at the start does not fill a core. */
const SHORT_LIFE_MS = 1000;
/** Workers end within 10 s of SIGTERM by themselves; what is left after this is killed. */
const STOP_WITHIN_MS = 9000;

interface End {
  readonly code: number | null;
  readonly signal: string | null;
}

interface Seat {
  readonly channel: Channel;
  /** Resolves once it has ended, and what it left is settled. */
  readonly gone: Promise<void>;
}

/** The first worker could not start, and has said why. */
export class FleetError extends Error {
  constructor(readonly exitCode: number) {
    super(`the first worker ended with code ${exitCode}`);
    this.name = 'FleetError';
  }
}

export class Fleet {
  readonly #seats = new Map<Worker, Seat>();
  #desk: Desk | undefined;
  #isStopping = false;

  /** @param port that the workers share. */
  constructor(
    private readonly metrics: GatewayMetrics,
    private readonly port: number,
  ) {
    cluster.setupPrimary({ serialization: 'advanced' });
  }

  /**
   * Starts `count` workers; gives the URL at which all of them listen.
   *
   * @param desk answers them.
   * @throws {FleetError} when the first one cannot start.
   */
  async start(desk: Desk, count: number): Promise<string> {
    this.#desk = desk;
    const { url } = await this.#startFirst();
    await Promise.all(
      Array.from({ length: count - 1 }, () => new Promise<void>((done) => this.#fork(() => done()))),
    );
    return url;
  }

  reload(): void {
    for (const { channel } of this.#seats.values()) channel.tell(RELOAD, undefined);
  }

  /** SIGTERM to all; resolves when the last one has ended. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    for (const { process } of this.#seats.keys()) process.kill('SIGTERM');
    const late = setTimeout(() => {
      for (const { process } of this.#seats.keys()) process.kill('SIGKILL');
    }, STOP_WITHIN_MS);
    await Promise.all([...this.#seats.values()].map(({ gone }) => gone));
    clearTimeout(late);
    this.#desk?.close();
  }

  #startFirst(): Promise<{ url: string }> {
    return new Promise((resolve, reject) => {
      let isUp = false;
      const worker = this.#fork((url) => {
        isUp = true;
        resolve({ url });
      });
      worker.once('exit', (code: number | null) => {
        if (isUp || this.#isStopping) return;
        this.#isStopping = true;
        reject(new FleetError(code ?? 1));
      });
    });
  }

  #fork(onListening: (url: string) => void = () => undefined): Worker {
    const worker = cluster.fork();
    const channel = new Channel(
      (message) => {
        if (worker.isConnected()) worker.send(message as object);
      },
      (error) => logEvent('error', 'internal-error', { err: error as object }),
    );
    this.#desk?.seat(worker.id, channel, onListening);
    channel.answer(PORT, () => this.port);
    worker.on('message', (message) => channel.receive(message));
    worker.on('error', () => undefined); // a message came too late; `exit` follows
    // Not `disconnect`, which does not come when a worker dies while Node hands it a connection.
    const ended = new Promise<End>((done) => worker.once('exit', (code, signal) => done({ code, signal })));
    this.#seats.set(worker, {
      channel,
      gone: ended.then((end) => this.#clear(worker, end)),
    });
    void this.#replace(worker, onListening);
    return worker;
  }

  #clear(worker: Worker, { code, signal }: End): void {
    this.#desk?.clear(worker.id);
    this.#seats.delete(worker);
    if (this.#isStopping) return;
    this.metrics.workersEnded.inc();
    const how = signal === null ? { code: code ?? undefined } : { signal };
    logEvent('error', 'worker-ended', { worker: worker.process.pid, ...how });
  }

  /** @param onListening was not called yet where the worker ended before it listened. */
  async #replace(worker: Worker, onListening: (url: string) => void): Promise<void> {
    const begun = performance.now();
    await this.#seats.get(worker)?.gone;
    if (performance.now() - begun < SHORT_LIFE_MS) await sleep(SHORT_LIFE_MS);
    if (!this.#isStopping) this.#fork(onListening);
  }
}
