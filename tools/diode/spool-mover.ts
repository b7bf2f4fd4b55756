/**
 * Diode software as one fears it: `node spool-mover.js FROM TO RECORD`. Moves `*.qrng` files, some of them late by up to three
 * seconds, some twice, under other names, cut short at first or forever, or not at all, and writes most of them in two pieces.
 * RECORD gets a JSON line for each file: its packet, and what was done with it. Ends once nothing is left, when stdin is closed.
 */
import { appendFileSync, openSync, closeSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

export type Deed = 'moved' | 'late' | 'twice' | 'renamed' | 'cut at first' | 'cut' | 'lost';

const [, , from = '', to = '', record = ''] = process.argv;
const LATEST_MS = 3000;
/** Shares; what is left is moved as it should be. */
const DEEDS: readonly [Deed, number][] = [
  ['late', 0.15],
  ['twice', 0.05],
  ['renamed', 0.05],
  ['cut at first', 0.05],
  ['cut', 0.02],
  ['lost', 0.02],
];

const stopping = new AbortController();
process.stdin.on('close', () => stopping.abort()).resume();
process.stdout.write('moving\n');

const underWay = new Set<Promise<void>>();
for (;;) {
  const names = readdirSync(from).filter((name) => name.endsWith('.qrng'));
  for (const name of names) {
    const packet = readFileSync(join(from, name));
    rmSync(join(from, name));
    const moving = move(name, packet).finally(() => underWay.delete(moving));
    underWay.add(moving);
  }
  if (stopping.signal.aborted && names.length === 0) break;
  await setTimeout(20);
}
await Promise.all(underWay);
process.exit();

async function move(name: string, packet: Buffer): Promise<void> {
  const deed = chosen();
  appendFileSync(record, `${JSON.stringify({ deed, name, packet: packet.toString('base64') })}\n`);
  if (deed === 'lost') return;
  if (deed === 'late') await setTimeout(Math.random() * LATEST_MS);
  const target = deed === 'renamed' ? `from the diode ${name}` : name;
  if (deed === 'cut' || deed === 'cut at first') {
    await write(target, packet.subarray(0, packet.length / 2));
    if (deed === 'cut') return;
    await setTimeout(Math.random() * LATEST_MS);
  }
  await write(target, packet);
  if (deed !== 'twice') return;
  await setTimeout(Math.random() * LATEST_MS);
  await write(`copy of ${name}`, packet);
}

/** In two pieces, under its final name: nothing that a mover should do. */
async function write(name: string, packet: Buffer): Promise<void> {
  const file = openSync(join(to, name), 'w', 0o640);
  const half = Math.floor(packet.length / 2);
  writeSync(file, packet.subarray(0, half));
  await setTimeout(10);
  writeSync(file, packet.subarray(half));
  closeSync(file);
}

function chosen(): Deed {
  let dice = Math.random();
  for (const [deed, share] of DEEDS) {
    dice -= share;
    if (dice < 0) return deed;
  }
  return 'moved';
}
