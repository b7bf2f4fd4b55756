/**
 * A simulated Quantis appliance: a real HTTPS server with the appliance's route of raw bytes, and faults by plan.
 *
 * For the demo and the tests. Its bytes come from the operating system's generator. Every answer, log line and text
 * says so: it must be impossible to mistake for a quantum source. No production code imports it.
 */
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { contentType, spoiled } from './faults.js';
import type { Fault, Memory } from './faults.js';

const ROUTE = '/api/2.0/streambytes';
const SLICE_MS = 50;
const randomBytesAsync = promisify(randomBytes);

export interface SimulatorOptions {
  certificatePem: string;
  keyPem: string;
  host?: string;
  /** 0, the default: the system chooses. */
  port?: number;
  /** The largest `size` it answers; 16 MiB by default. */
  maxBytes?: number;
  /** The speed of each answer; as fast as it can by default. A module gives 500 000. */
  bytesPerSecond?: number;
  plan?: readonly Fault[];
  /** Called with the body of each 2xx answer before it is sent. */
  onDelivered?: (bytes: Buffer) => void;
}

/** Starts a simulated appliance; it listens when the promise resolves. */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const server = createServer({ cert: options.certificatePem, key: options.keyPem });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve);
  });
  return new Simulator(server, options);
}

export class Simulator {
  /** TLS connections accepted. */
  connections = 0;
  /** Requests of `streambytes`. */
  requests = 0;
  /** Bytes handed out in bodies of 2xx answers. */
  delivered = 0;
  readonly port: number;
  /** Of `streambytes`, as QRNG_APPLIANCE_URLS takes it. */
  readonly url: string;
  readonly #server: Server;
  readonly #maxBytes: number;
  readonly #bytesPerSecond: number;
  readonly #onDelivered: (bytes: Buffer) => void;
  readonly #sockets = new Set<Socket>(); // the server's own list lacks those in the handshake
  readonly #memory: Memory = { counter: 0, last: Buffer.alloc(0), liars: new Map() };
  #plan: Fault[];

  /** @param server listens already */
  constructor(server: Server, options: SimulatorOptions) {
    const { address, port, family } = server.address() as AddressInfo;
    this.port = port;
    this.url = `https://${family === 'IPv6' ? `[${address}]` : address}:${port}${ROUTE}`;
    this.#server = server;
    this.#maxBytes = options.maxBytes ?? 16 * 1024 * 1024;
    this.#bytesPerSecond = options.bytesPerSecond ?? Infinity;
    this.#onDelivered = options.onDelivered ?? (() => undefined);
    this.#plan = [];
    this.plan(...(options.plan ?? []));
    server.on('secureConnection', () => this.connections++);
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    server.on('request', (request, response) => {
      this.#answer(request, response).catch((error: unknown) => response.destroy(error as Error));
    });
  }

  /** Queues faults: each is played for its `times` requests of `streambytes`, then the next. */
  plan(...faults: Fault[]): void {
    this.#plan.push(...faults.map((fault) => ({ ...fault })));
  }

  /** From now on nothing is wrong. */
  clearPlan(): void {
    this.#plan = [];
  }

  /** Shows another certificate from now on, and cuts the connections that saw the old one. */
  useCertificate(pair: { certificatePem: string; keyPem: string }): void {
    this.#server.setSecureContext({ cert: pair.certificatePem, key: pair.keyPem });
    this.#cutConnections();
  }

  /** Stops listening and cuts all connections. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#cutConnections();
    await closed;
  }

  #cutConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('X-Simulated', 'true');
    response.setHeader('Server', 'simulated-appliance');
    const { pathname, searchParams } = new URL(request.url ?? '/', 'https://simulated');
    if (request.method !== 'GET') {
      sendText(response, 405, 'simulated appliance: GET only\n');
    } else if (pathname === ROUTE) {
      await this.#streamBytes(searchParams.get('size') ?? '', response);
    } else {
      sendText(response, 404, 'simulated appliance: no such route\n');
    }
  }

  async #streamBytes(size: string, response: ServerResponse): Promise<void> {
    this.requests++;
    const fault = this.#nextFault();
    if (!/^[1-9]\d{0,8}$/.test(size) || Number(size) > this.#maxBytes) {
      sendText(response, 400, `simulated appliance: size must be 1 to ${this.#maxBytes}\n`);
      return;
    }
    if (fault !== undefined && refuse(fault, response)) return;
    const good = await randomBytesAsync(Number(size));
    const body = fault === undefined ? good : spoiled(fault, good, this.#memory);
    this.#memory.last = body;
    await this.#send(body, fault, response);
  }

  async #send(body: Buffer, fault: Fault | undefined, response: ServerResponse): Promise<void> {
    const stopsHalfway = fault?.kind === 'stall' || fault?.kind === 'truncated';
    const sent = stopsHalfway ? body.subarray(0, body.length >> 1) : body;
    this.delivered += sent.length;
    this.#onDelivered(sent);
    if (fault?.kind === 'headers') response.setHeader('X-Padding', 'x'.repeat(65_536));
    writeHead(response, body.length, fault);
    await write(response, sent, fault?.kind === 'slow' ? (fault.value ?? 1000) : this.#bytesPerSecond);
    if (fault?.kind === 'truncated') response.destroy();
    else if (!stopsHalfway) response.end();
  }

  #nextFault(): Fault | undefined {
    const fault = this.#plan[0];
    if (fault === undefined) return undefined;
    fault.times = (fault.times ?? 1) - 1;
    if (fault.times <= 0) this.#plan.shift();
    return fault;
  }
}

/** The head of an answer with a body of `length` bytes, as the fault has it. */
function writeHead(response: ServerResponse, length: number, fault: Fault | undefined): void {
  const type = { 'Content-Type': contentType(fault) };
  const [status, phrase] = fault?.kind === 'partial' ? [206, 'Partial Content'] : [200, phraseOf(fault)];
  if (fault?.kind === 'codings') {
    response.writeHead(200, { ...type, 'Transfer-Encoding': 'gzip, chunked' });
    return;
  }
  if (fault?.kind === 'early') {
    const early = `HTTP/1.1 103 Early Hints\r\nLink: </${'x'.repeat(200)}>\r\n\r\n`;
    response.socket?.write(early.repeat(fault.value ?? 1000));
  }
  response.writeHead(status, phrase, { ...type, 'Content-Length': length });
}

function phraseOf(fault: Fault | undefined): string {
  return fault?.kind === 'phrase' ? 'x'.repeat(fault.value ?? 1_000_000) : 'OK';
}

/** Plays a fault that answers without bytes; false when this is none. */
function refuse(fault: Fault, response: ServerResponse): boolean {
  if (fault.kind === 'reset') {
    response.destroy();
  } else if (fault.kind === 'status') {
    if (fault.retryAfter !== undefined) response.setHeader('Retry-After', fault.retryAfter);
    sendText(response, fault.value ?? 503, 'simulated fault\n');
  } else if (fault.kind === 'redirect') {
    response.setHeader('Location', fault.location ?? 'https://simulated.invalid/');
    sendText(response, 302, 'simulated fault\n');
  } else {
    return false;
  }
  return true;
}

/** At this speed, in slices, or at once. */
async function write(response: ServerResponse, bytes: Buffer, bytesPerSecond: number): Promise<void> {
  if (bytesPerSecond === Infinity) {
    response.write(bytes);
    return;
  }
  const slice = Math.max(1, Math.round((bytesPerSecond * SLICE_MS) / 1000));
  for (let start = 0; start < bytes.length && !response.destroyed; start += slice) {
    const part = bytes.subarray(start, start + slice);
    await sleep((part.length * 1000) / bytesPerSecond);
    response.write(part);
  }
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response
    .writeHead(status, { 'Content-Type': 'text/plain', 'Content-Length': Buffer.byteLength(text) })
    .end(text);
}
