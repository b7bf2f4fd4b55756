/** A collector that signs which packets it sent, and the gateway that gives receipts, as tests need them. */
import { generateKeyPairSync } from 'node:crypto';
import { groupsIn, LineageSigner } from '../../apps/collector/src/push/lineage-signer.js';
import { verifierKey } from '#libs/tlog';
import type { TestCollector } from './test-collector.js';
import type { Answer, Environment } from './gateway-client.js';

/** An Ed25519 private key, PEM. */
export function signingKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
}

/** Settings with which a gateway gives receipts. */
export function receiptSettings(origin = 'gateway.example.com/receipts'): Environment {
  return { QRNG_RECEIPTS: 'on', QRNG_RECEIPTS_KEY: signingKey(), QRNG_RECEIPTS_ORIGIN: origin };
}

export class SigningCollector {
  readonly signer: LineageSigner;

  constructor(
    private readonly collector: TestCollector,
    private readonly push: (packet: Buffer) => Promise<Answer>,
  ) {
    this.signer = new LineageSigner({ name: collector.id, key: generateKeyPairSync('ed25519').privateKey });
  }

  get publicKey(): string {
    return verifierKey(this.signer.key);
  }

  /** Pushes a packet of entropy. */
  async send(data: Buffer): Promise<void> {
    const packet = this.collector.seal(data);
    this.signer.hold(packet);
    await this.#push(packet);
    this.signer.note(this.collector.boot, this.collector.sequence);
  }

  /** Pushes a heartbeat with a statement about what was sent. */
  async state(): Promise<void> {
    const lineage = this.signer.statement(groupsIn(4096));
    await this.#push(this.collector.heartbeat(lineage === undefined ? {} : { lineage }));
    this.signer.settled('delivered');
  }

  async #push(packet: Buffer): Promise<void> {
    const { status } = await this.push(packet);
    if (status !== 204) throw new Error(`the push was answered ${status}`);
  }
}
