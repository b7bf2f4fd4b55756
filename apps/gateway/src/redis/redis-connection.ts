/**
 * The gateway's connection to Redis. A command is sent once or not at all; while Redis is away commands fail at once, and
 * the connection comes back by itself.
 */
import { ErrorReply } from 'redis';
import { joinDeployment } from './deployment.js';
import type { Deployment } from './deployment.js';
import { createRedisClient } from './redis-client.js';
import type { RedisClient } from './redis-client.js';
import { RedisError } from './redis-error.js';
import { probe } from './redis-probe.js';
import { checkRedis, refusesNeeded } from './redis-requirements.js';
import type { RedisScript } from './redis-script.js';
import { runScript } from './run-script.js';
import { withoutAddresses } from './without-addresses.js';

/** A command that was not answered for this long has an unknown outcome, and its connection is given up. */
const ANSWER_TIMEOUT_MS = 2000;

const CHECK_AGAIN_MS = 1000;

/** What the gateway needs is tried so often, and each second while Redis refuses any of it. */
const PROBE_EVERY_MS = 5000;

const TELL_REFUSED_EVERY_MS = 60_000;

/** What the connection reports; `change` also says why it is down. */
export interface RedisLog {
  up(warnings: readonly string[]): void;
  down(fault: string): void;
  /** Redis is there and does not do one of the things it is asked for, such as for want of a right. */
  refused(message: string): void;
}

export class RedisConnection {
  readonly #url: string;
  readonly #log: RedisLog;
  #client: RedisClient;
  #fault: string | undefined = 'is not connected yet';
  /** The error of the latest command that was refused, until all that is needed has been tried without one. */
  #refusal: string | undefined;
  #refusals = 0;
  #probing: NodeJS.Timeout | undefined;
  #refused = false;
  #warnings: readonly string[] = [];
  #closed = false;
  #quietUntil = 0;
  #attempted: () => void = () => undefined;
  #space: string | undefined;
  readonly #deployment: Deployment;

  private constructor(url: string, log: RedisLog, deployment: Deployment) {
    this.#url = url;
    this.#log = log;
    this.#deployment = deployment;
    this.#client = this.#connect();
  }

  /** A connection after its first attempt, which may have failed: it goes on trying. */
  static async open(url: string, log: RedisLog, deployment: Deployment): Promise<RedisConnection> {
    const connection = new RedisConnection(url, log, deployment);
    await new Promise<void>((resolve) => (connection.#attempted = resolve));
    return connection;
  }

  /** Why Redis cannot be used now, without any address; undefined while it can. */
  get fault(): string | undefined {
    const fault = this.#fault ?? this.#refusal;
    return fault === undefined ? undefined : withoutAddresses(fault, this.#url);
  }

  /** Whether the fault does not pass with time: Redis answers, and refuses what the gateway needs. */
  get refused(): boolean {
    return this.#refused;
  }

  /** Settings of this Redis that are not as they should be. */
  get warnings(): readonly string[] {
    return this.#warnings;
  }

  /** Runs one command. @throws {RedisError} that says whether the command can have had an effect. */
  async run<T>(command: (client: RedisClient) => Promise<T>): Promise<T> {
    if (this.#fault !== undefined) throw new RedisError('offline', `Redis ${this.fault ?? ''}`);
    const client = this.#client;
    let answered = false;
    // The timer runs before the answers that came meanwhile are read; the immediate runs after.
    const overdue = setTimeout(() => {
      setImmediate(() => answered || this.#replace(client, 'did not answer in time'));
    }, ANSWER_TIMEOUT_MS);
    try {
      return await command(client);
    } catch (error) {
      throw this.#explain(error, client);
    } finally {
      answered = true;
      clearTimeout(overdue);
    }
  }

  /** Runs one script. @throws {RedisError} that says whether the script can have had an effect. */
  runScript<Arguments, Reply>(script: RedisScript<Arguments, Reply>, args: Arguments): Promise<Reply> {
    const prefix = `{${this.#deployment.prefix}}:`;
    return this.run((client) => runScript(client, script, args, { prefix, space: this.#space ?? '' }));
  }

  /** Where this deployment's keys are, and the key that leads there: what a script checks with the hash of deployments. */
  get membership(): { readonly space: string; readonly fingerprint: string } {
    return { space: this.#space ?? '', fingerprint: this.#deployment.fingerprints()[0] ?? '' };
  }

  /** Looks up again where this deployment's keys are: they changed, or Redis lost its data. @throws {RedisError} */
  async rejoin(): Promise<void> {
    await this.run((client) => this.#join(client));
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#probing);
    this.#fault = 'was left: the gateway is stopping';
    this.#client.destroy();
  }

  #connect(): RedisClient {
    const client = createRedisClient(this.#url);
    client.on('ready', () => void this.#check(client));
    client.on('error', (error: Error) => {
      const refused = error instanceof ErrorReply; // such as a wrong password
      this.#down(client, `${refused ? 'refuses' : 'cannot be reached'}: ${error.message}`, refused);
    });
    client.connect().catch((error: unknown) => {
      this.#down(client, `cannot be reached: ${String(error)}`); // replaced or closed while it was connecting
    });
    return client;
  }

  async #check(client: RedisClient): Promise<void> {
    const { found, warnings } = await checkRedis(client, this.#url, this.#deployment.prefix);
    const lost = found === undefined ? await this.#join(client) : undefined;
    if (client !== this.#client || !client.isReady) return;
    this.#warnings = warnings;
    const trouble = found?.fault ?? lost;
    if (trouble !== undefined) {
      if (found?.reply !== undefined) this.#tellRefused(found.reply);
      this.#down(client, trouble, found?.lasting);
      setTimeout(() => this.#replace(client, trouble), CHECK_AGAIN_MS).unref();
      return;
    }
    this.#fault = undefined;
    this.#refusal = undefined;
    this.#refused = false;
    this.#log.up(warnings);
    this.#attempted();
    this.#probeAfter(PROBE_EVERY_MS);
  }

  #probeAfter(ms: number): void {
    clearTimeout(this.#probing);
    if (!this.#closed) this.#probing = setTimeout(() => void this.#probe(), ms).unref();
  }

  /** Tries what is needed. A refusal is over when this was not refused, and nothing else meanwhile. */
  async #probe(): Promise<void> {
    const before = this.#refusals;
    try {
      await this.run((client) => probe(client, this.#deployment.prefix));
      if (this.#refusal !== undefined && this.#refusals === before) {
        this.#refusal = undefined;
        this.#log.up([]);
      }
    } catch {
      // kept by #explain, or the connection is being made again, and is checked then
    }
    if (this.#fault === undefined) {
      this.#probeAfter(this.#refusal === undefined ? PROBE_EVERY_MS : CHECK_AGAIN_MS);
    }
  }

  /** Why this deployment has no place there; undefined when it has. */
  async #join(client: RedisClient): Promise<string | undefined> {
    try {
      const joined = await joinDeployment(client, this.#deployment, this.#space);
      if ('fault' in joined) return joined.fault;
      this.#space = joined.space;
      return undefined;
    } catch (error) {
      if (error instanceof ErrorReply) return `does not allow what the gateway needs: ${error.message}`;
      return 'did not answer';
    }
  }

  #down(client: RedisClient, fault: string, refused = false): void {
    if (client !== this.#client || this.#closed) return;
    if (fault !== this.#fault) this.#log.down(fault);
    clearTimeout(this.#probing);
    this.#fault = fault;
    this.#refusal = undefined;
    this.#refused = refused;
    this.#attempted();
  }

  /** Gives a connection up that is open and useless. */
  #replace(client: RedisClient, fault: string): void {
    if (client !== this.#client || this.#closed) return;
    this.#down(client, fault);
    client.destroy();
    this.#client = this.#connect();
  }

  #explain(error: unknown, client: RedisClient): RedisError {
    const message = error instanceof Error ? error.message : String(error);
    if (!(error instanceof ErrorReply)) {
      return new RedisError('unanswered', `Redis did not answer: ${message}`, { cause: error });
    }
    // A primary that became a replica: the name in the URL may lead to the new one by now.
    if (message.startsWith('READONLY')) this.#replace(client, 'is a read-only replica now');
    this.#tellRefused(message);
    this.#refusals++;
    if (this.#refusal === undefined) this.#probeAfter(CHECK_AGAIN_MS);
    this.#refusal = refusesNeeded(message);
    return new RedisError('refused', message, { cause: error });
  }

  #tellRefused(message: string): void {
    const now = performance.now();
    if (now < this.#quietUntil) return;
    this.#quietUntil = now + TELL_REFUSED_EVERY_MS;
    this.#log.refused(message);
  }
}
