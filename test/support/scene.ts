/** A collector between simulated appliances and a receiving end, all of them real and on ports of their own. */
import { randomBytes } from 'node:crypto';
import type { ServerOptions } from 'node:https';
import { afterEach } from '@jest/globals';
import { startSimulator } from '#libs/quantis/simulator';
import type { Simulator, SimulatorOptions } from '#libs/quantis/simulator';
import { CollectorProcess, collectorEnvironment } from './collector.js';
import { testAuthority } from './gateway.js';
import type { Environment } from './gateway.js';
import { startReceiver } from './receiver.js';
import type { Receiver } from './receiver.js';

export interface SceneOptions {
  /** One for each appliance; one without faults unless told. */
  readonly appliances?: readonly Partial<SimulatorOptions>[];
  readonly receiver?: ServerOptions;
  readonly env?: Environment;
  /** Called before the collector starts. */
  readonly prepare?: (receiver: Receiver) => void;
}

/** A simulated appliance and all bytes it gave. */
export interface Appliance {
  readonly simulator: Simulator;
  readonly given: () => Buffer;
}

export class Scene {
  readonly #others: CollectorProcess[] = [];

  constructor(
    readonly hmacKey: string,
    readonly appliances: readonly Appliance[],
    readonly receiver: Receiver,
    readonly collector: CollectorProcess,
  ) {}

  /** Starts another collector, with the same state directory unless `overrides` say otherwise. */
  again(overrides: Environment = {}): CollectorProcess {
    const other = new CollectorProcess({ ...this.collector.env, ...overrides });
    this.#others.push(other);
    return other;
  }

  async close(): Promise<void> {
    await Promise.all([this.collector, ...this.#others].map((collector) => collector.kill()));
    await this.receiver.close();
    await Promise.all(this.appliances.map(({ simulator }) => simulator.close()));
  }
}

/** What starts the scene of a test, which is closed after it. */
export function sceneOfEachTest(): (options?: SceneOptions) => Promise<Scene> {
  let scene: Scene | undefined;
  afterEach(async () => {
    await scene?.close();
    scene = undefined;
  });
  return async (options) => (scene = await startScene(options));
}

/** Starts all of them, the collector last. */
export async function startScene(options: SceneOptions = {}): Promise<Scene> {
  const hmacKey = randomBytes(32).toString('hex');
  const receiver = await startReceiver(hmacKey, options.receiver);
  options.prepare?.(receiver);
  const appliances = await Promise.all((options.appliances ?? [{}]).map(startAppliance));
  const env = await collectorEnvironment({
    QRNG_APPLIANCE_URLS: appliances.map(({ simulator }) => simulator.url).join(),
    QRNG_PUSH_URL: receiver.url,
    QRNG_HMAC_SECRET_KEY: hmacKey,
    ...options.env,
  });
  return new Scene(hmacKey, appliances, receiver, new CollectorProcess(env));
}

/** Starts a simulated appliance that remembers what it gave. */
export async function startAppliance(options: Partial<SimulatorOptions>): Promise<Appliance> {
  const { certificatePem, keyPem } = await (
    await testAuthority()
  ).issue({
    commonName: 'SIMULATED appliance',
    hosts: ['127.0.0.1'],
  });
  const given: Buffer[] = [];
  const simulator = await startSimulator({
    certificatePem,
    keyPem,
    onDelivered: (bytes) => given.push(Buffer.from(bytes)),
    ...options,
  });
  return { simulator, given: () => Buffer.concat(given) };
}
