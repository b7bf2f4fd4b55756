/** `GET /api/uuid`: UUIDs of version 4 and 7 (RFC 9562, sections 5.4 and 5.7). */
import type { Bits } from './bits.js';
import type { Sample } from './sample.js';

export interface UuidsOptions {
  readonly count: number;
  readonly version: 4 | 7;
  /** Unix milliseconds, for version 7. */
  readonly now: number;
}

/** Those of version 7 share their time, and are in ascending order as 6.2 asks of a batch. */
export function uuids({ count, version, now }: UuidsOptions): Sample<string[]> {
  const bytes = Math.ceil((count * (version === 4 ? 122 : 74)) / 8);
  return {
    likely: bytes,
    most: bytes,
    draw: (bits) => {
      const made: string[] = [];
      for (let i = 0; i < count; i++) made.push(version === 4 ? version4(bits) : uuid('7', now, bits));
      return version === 4 ? made : made.sort();
    },
  };
}

function version4(bits: Bits): string {
  return uuid('4', bits.readWord(32) * 65_536 + bits.read(16), bits);
}

/** `first`: the 48 bits in front. 74 random ones follow, around the version and the variant. */
function uuid(version: '4' | '7', first: number, bits: Bits): string {
  const front = hex(first, 12);
  const third = version + hex(bits.read(12), 3);
  const fourth = hex(0x8000 | bits.read(14), 4);
  const last = hex(bits.read(24), 6) + hex(bits.read(24), 6);
  return `${front.slice(0, 8)}-${front.slice(8)}-${third}-${fourth}-${last}`;
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
