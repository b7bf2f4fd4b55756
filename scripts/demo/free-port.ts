/** A port of the loopback interface that is free. */
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

/** `wanted` when it is free, else (and for 0) one that the system chooses. */
export async function freePort(wanted = 0): Promise<number> {
  const server = createServer();
  const listening = new Promise<void>((done, fail) => server.once('listening', done).once('error', fail));
  server.listen(wanted, '127.0.0.1');
  try {
    await listening;
  } catch {
    return freePort(); // taken by something else; the printed URL says which port it became
  }
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}
