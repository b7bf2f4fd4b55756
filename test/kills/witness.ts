/** Somebody who keeps every checkpoint of a receipt log and, in the end, holds the log to all of them and to each receipt that it gave. */
import {
  leafHash,
  openCheckpoint,
  parseReceipt,
  parseVerifierKey,
  salted,
  subtreesOf,
  TILE_WIDTH,
  tilePath,
  treeRoot,
  verifyProof,
} from '#libs/tlog';
import type { Checkpoint, NoteKey } from '#libs/tlog';
import type { GatewayClient } from '../support/gateway-client.js';
import { decodeEntries } from '../support/log-entries.js';
import { until } from '../support/until.js';
import type { Promised } from './hostile-load.js';

export class Witness {
  readonly #seen = new Map<string, Checkpoint>();
  #key: NoteKey | undefined;

  /** Different checkpoints that were seen. */
  get seen(): number {
    return this.#seen.size;
  }

  /** Keeps the checkpoint of now, where the gateway answers. */
  async look(gateway: GatewayClient): Promise<void> {
    try {
      this.#key ??= parseVerifierKey((await gateway.request('/log/public-key')).text);
      const { status, text } = await gateway.request('/log/checkpoint');
      if (status === 200) this.#seen.set(text, openCheckpoint(text, [this.#key]));
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error)) throw error; // else the gateway was killed
    }
  }

  /** Each way in which the log is not what it has signed, or a receipt is not what the client was given. */
  async faults(gateway: GatewayClient, promised: readonly Promised[]): Promise<string[]> {
    await this.look(gateway);
    const faults: string[] = [];
    const size = Math.max(...[...this.#seen.values()].map((checkpoint) => checkpoint.size));
    const leaves: Buffer[] = [];
    for (let at = 0; at < size; at += TILE_WIDTH) {
      const width = Math.min(TILE_WIDTH, size - at);
      const name = tilePath('entries', at / TILE_WIDTH, width).replace(/^tile/, '/log/tile');
      const { body } = await gateway.request(name);
      leaves.push(...decodeEntries(body).map(leafHash));
    }
    if (leaves.length !== size) faults.push(`the log has ${leaves.length} entries of ${size}`);
    for (const { size: signed, root } of this.#seen.values()) {
      if (!treeRoot(signed, subtreesOf(leaves)).equals(root)) faults.push(`two histories at ${signed}`);
    }
    const indices = promised.map(({ index }) => index);
    if (new Set(indices).size < indices.length) faults.push('an index was given twice');
    for (const one of promised) faults.push(...(await this.#faultsOf(gateway, one)));
    return faults;
  }

  async #faultsOf(gateway: GatewayClient, { index, body }: Promised): Promise<string[]> {
    const { text } = await until(`receipt ${index}`, async () => {
      const answer = await gateway.get(`/api/receipts/${index}`);
      return answer.status !== 503 && answer;
    });
    try {
      const { proof, entryBytes, entry, salt } = parseReceipt(text);
      verifyProof(proof, entryBytes, this.#key === undefined ? [] : [this.#key]);
      if (body !== undefined && !entry.answer.equals(salted(salt, body))) return [`${index}: another answer`];
      return [];
    } catch (error) {
      return [`${index}: ${String(error)} ${text.slice(0, 200)}`];
    }
  }
}
