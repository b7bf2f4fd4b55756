/**
 * `spool:///DIRECTORY`: each packet is a file, for diode software that moves files.
 *
 *   packet -> .COLLECTOR-BOOT-SEQUENCE.tmp, synced -> renamed to COLLECTOR-BOOT-SEQUENCE.qrng, synced
 *
 * A crash leaves a whole packet or none under the name that is moved. What was renamed is gone; what was not, is not sent.
 */
import {
  closeSync,
  constants,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { packetPosition } from '#libs/crypto';
import { errorCode, syncDirectory } from '#libs/files';
import { SettingsError } from '#libs/settings';
import { Carrier } from './carrier.js';
import type { Outcome } from './outbox.js';

const SUFFIX = '.qrng';
const DRAFT_SUFFIX = '.tmp';

export interface SpoolOptions {
  readonly directory: string;
  /** The most bytes of packets that wait to be moved. */
  readonly maxBytes: number;
  /** The most bytes of data of one packet. */
  readonly maxData: number;
}

export class SpoolCarrier extends Carrier {
  readonly maxData: number;

  constructor(private readonly options: SpoolOptions) {
    super();
    this.maxData = options.maxData;
  }

  /** Removes the drafts of a run that was killed. @throws {SettingsError} when the directory cannot be used. */
  override open(): Promise<void> {
    const { directory } = this.options;
    try {
      for (const name of readdirSync(directory)) {
        if (name.startsWith('.') && name.endsWith(DRAFT_SUFFIX)) rmSync(join(directory, name));
      }
    } catch (error) {
      const problem = `QRNG_PUSH_URL must name a directory that this process can read and write (${errorCode(error)})`;
      return Promise.reject(new SettingsError([problem]));
    }
    return Promise.resolve();
  }

  async send(packet: Buffer): Promise<Outcome> {
    const outcome = this.#write(packet);
    if (outcome.kind !== 'gone') return outcome;
    try {
      await syncDirectory(this.options.directory);
    } catch {
      // It may have been moved already, so it is gone; at worst a power cut loses it.
    }
    return outcome;
  }

  /** Nothing that could be given up is ever under way. */
  abort(): void {
    return undefined;
  }

  #write(packet: Buffer): Outcome {
    const { directory, maxBytes } = this.options;
    const { collector, boot, sequence } = packetPosition(packet);
    const name = `${collector}-${boot}-${sequence}`;
    const draft = join(directory, `.${name}${DRAFT_SUFFIX}`);
    try {
      if (spooledBytes(directory) + packet.length > maxBytes) return { kind: 'full' };
      writeSynced(draft, packet);
      renameSync(draft, join(directory, `${name}${SUFFIX}`));
    } catch (error) {
      rmSync(draft, { force: true });
      return { kind: 'unsent', reason: errorCode(error) };
    }
    return { kind: 'gone' };
  }
}

function spooledBytes(directory: string): number {
  let bytes = 0;
  for (const name of readdirSync(directory)) {
    if (name.endsWith(SUFFIX)) bytes += statSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0;
  }
  return bytes;
}

/** With O_SYNC, since a confined process has no fsync. */
function writeSynced(path: string, content: Buffer): void {
  const { O_WRONLY, O_CREAT, O_TRUNC, O_SYNC } = constants;
  const file = openSync(path, O_WRONLY | O_CREAT | O_TRUNC | O_SYNC, 0o640);
  try {
    for (let at = 0; at < content.length;) at += writeSync(file, content, at);
  } finally {
    closeSync(file);
  }
}
