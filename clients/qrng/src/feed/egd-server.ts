/** A Unix socket that speaks EGD, for QEMU's `-object rng-egd` and other clients. Each of them is its own domain. */
import { once } from 'node:events';
import { unlinkSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { EgdProtocolError } from './egd-command.js';
import { serveEgdClient } from './egd-connection.js';
import type { FeedOptions } from './feed.js';
import { FeedError } from './feed-error.js';
import { Pace } from './pace.js';

/** Clients beyond this number are turned away. */
const MOST_CLIENTS = 64;

/**
 * Listens at `path` until `signal` aborts. No two clients get the same bytes.
 *
 * @throws {FeedError} when it cannot listen there; {QrngError} when the gateway refuses for good.
 */
export async function feedEgd(path: string, { prefetch, limit, log, signal }: FeedOptions): Promise<void> {
  await clear(path);
  const server = createServer();
  const clients = new Map<Socket, AbortController>();
  const broken = new AbortController();
  const serve = async (socket: Socket): Promise<void> => {
    const gone = new AbortController();
    clients.set(socket, gone);
    log(`an EGD client came; there are ${clients.size}`);
    for (const event of ['end', 'close']) socket.once(event, () => gone.abort());
    try {
      await serveEgdClient(socket, prefetch, new Pace(limit), gone.signal);
    } catch (error) {
      if (error instanceof EgdProtocolError) log(`an EGD client is cut off: ${error.message}`);
      else if (!gone.signal.aborted) broken.abort(error);
    } finally {
      clients.delete(socket);
      socket.destroy();
      log(`an EGD client went; there are ${clients.size}`);
    }
  };
  server.on('connection', (socket) => {
    socket.on('error', () => socket.destroy()); // its end is all that matters
    if (clients.size < MOST_CLIENTS) void serve(socket);
    else socket.destroy();
  });
  server.listen(path);
  await once(server, 'listening', { signal }).catch((error: unknown) => {
    throw FeedError.of(`cannot listen at ${path}`, error);
  });
  log(`EGD socket at ${path}, ${limit} bytes a second for each client`);
  await untilAborted(AbortSignal.any([signal, broken.signal]));
  server.close();
  for (const socket of clients.keys()) socket.destroy();
  if (broken.signal.aborted) throw broken.signal.reason;
}

/** Removes a socket that nobody listens at any more; anything else is left alone. */
async function clear(path: string): Promise<void> {
  const probe = createConnection(path);
  try {
    await once(probe, 'connect');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return;
    if (code !== 'ECONNREFUSED') throw FeedError.of(`cannot listen at ${path}`, error);
    unlinkSync(path);
    return;
  } finally {
    probe.destroy();
  }
  throw new FeedError(`cannot listen at ${path}: another process does`);
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener('abort', () => done(), { once: true });
  });
}
