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
      for (let i = 0; i < count; i++) made.push(version === 4 ? version4(bits) : version7(now, bits));
      return version === 4 ? made : made.sort();
    },
  };
}

function version4(bits: Bits): string {
  return uuid('4', hex32(bits.readWord(32)), hex16(bits.read(16)), bits);
}

function version7(now: number, bits: Bits): string {
  return uuid('7', hex32(Math.floor(now / 65_536)), hex16(now % 65_536), bits);
}

/** 74 random bits follow the 48 in front, around the version and the variant. */
function uuid(version: '4' | '7', first: string, second: string, bits: Bits): string {
  const third = hex16(bits.read(12)).slice(1);
  const fourth = hex16(0x8000 | bits.read(14));
  return `${first}-${second}-${version}${third}-${fourth}-${hex16(bits.read(16))}${hex32(bits.readWord(32))}`;
}

/** Two digits for each byte: padding what `toString(16)` gives costs more than the rest of a UUID. */
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

function hex16(value: number): string {
  return `${HEX[value >>> 8]}${HEX[value & 255]}`;
}

function hex32(value: number): string {
  return hex16(value >>> 16) + hex16(value & 65_535);
}
