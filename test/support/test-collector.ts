/** Seals packets as a collector does: one run (boot), sequence numbers from 1. */
import { encodeTelemetry, MacKey, sealPacket } from '#libs/crypto';
import type { PacketFields, Telemetry } from '#libs/crypto';

/** Of a collector without sources, well and idle. */
const TELEMETRY = {
  version: '1.0.0',
  uptimeMs: 1,
  bufferBytes: 2,
  bufferCapacity: 3,
  dropped: {},
  sources: [],
};

export class TestCollector {
  readonly id: string;
  boot: bigint;
  sequence = 0n;
  readonly #key: MacKey;

  /** @param hmacKey 64 hex digits. */
  constructor(hmacKey: string, id = 'collector-1', boot = BigInt(Date.now())) {
    this.id = id;
    this.boot = boot;
    this.#key = MacKey.fromHex(hmacKey);
  }

  /** The next entropy packet; `fields` replace what it would say. */
  seal(data: Uint8Array, fields: Partial<PacketFields> = {}): Buffer {
    return this.#sealed('entropy', data, fields);
  }

  /** The next heartbeat; what `telemetry` does not say is as of a collector that is well. */
  heartbeat(telemetry: Partial<Telemetry> | Buffer, fields: Partial<PacketFields> = {}): Buffer {
    return this.#sealed(
      'heartbeat',
      Buffer.isBuffer(telemetry) ? telemetry : encodeTelemetry({ ...TELEMETRY, ...telemetry }),
      fields,
    );
  }

  /** A new run: a higher boot, sequence numbers from 1 again. */
  restart(): void {
    this.boot += 1n;
    this.sequence = 0n;
  }

  #sealed(type: PacketFields['type'], data: Uint8Array, fields: Partial<PacketFields>): Buffer {
    if (fields.sequence === undefined) this.sequence += 1n;
    const { id: collector, boot, sequence } = this;
    const timestamp = BigInt(Date.now());
    return sealPacket({ type, collector, boot, sequence, timestamp, age: 0, ...fields }, data, this.#key);
  }
}
