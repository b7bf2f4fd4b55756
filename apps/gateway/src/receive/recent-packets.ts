/** The MACs of the packets that came lately, so that copies that a carrier made are not mistaken for replays. */

/** More than come in a second at 30 MB/s with jumbo frames. */
const REMEMBERED = 8192;

export class RecentPackets {
  readonly #macs = new Set<string>();

  /** Whether a packet with this MAC came lately; it has come now. */
  seen(mac: Buffer): boolean {
    const key = mac.toString('latin1');
    if (this.#macs.has(key)) return true;
    this.#macs.add(key);
    if (this.#macs.size <= REMEMBERED) return false;
    const [oldest] = this.#macs;
    if (oldest !== undefined) this.#macs.delete(oldest);
    return false;
  }
}
