/** Reads an entry tile (c2sp.org/tlog-tiles), as programs outside do. */

/** The entries, each with its length as u16 in front. @throws {RangeError} when the tile ends within one. */
export function decodeEntries(tile: Buffer): Buffer[] {
  const entries: Buffer[] = [];
  for (let at = 0; at < tile.length;) {
    const end = at + 2 + tile.readUInt16BE(at);
    if (end > tile.length) throw new RangeError('the tile ends within an entry');
    entries.push(tile.subarray(at + 2, end));
    at = end;
  }
  return entries;
}
