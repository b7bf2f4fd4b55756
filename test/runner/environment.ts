/** The process itself as Jest's test environment: a test sees the globals that Node has, and those of Jest. */
import { ModernFakeTimers } from '@jest/fake-timers';
import { ModuleMocker } from 'jest-mock';

type Functions = Readonly<Record<string | symbol, () => unknown>>;

export default class NodeEnvironment {
  readonly global: Record<string, unknown> = globalThis;
  readonly moduleMocker = new ModuleMocker(globalThis);
  readonly fakeTimersModern: ModernFakeTimers;
  /** What `import { jest } from '@jest/globals'` gives: spies and the clock. Modules are Node's own and cannot be replaced. */
  readonly jest: object;

  constructor({
    projectConfig,
  }: {
    projectConfig: ConstructorParameters<typeof ModernFakeTimers>[0]['config'];
  }) {
    this.fakeTimersModern = new ModernFakeTimers({ config: projectConfig, global: globalThis });
    const owners = [this.moduleMocker, this.fakeTimersModern] as unknown as readonly Functions[];
    this.jest = new Proxy(owners, {
      get: (_target, name) => {
        const owner = owners.find((each) => name in each);
        if (owner === undefined) throw new TypeError(`test/runner has no jest.${String(name)}`);
        return owner[name]?.bind(owner);
      },
    });
  }

  exportConditions(): string[] {
    return ['node', 'node-addons'];
  }

  getVmContext(): null {
    return null;
  }

  setup(): void {
    // Everything is there.
  }

  /** Jest now ends the process with SIGTERM: what the tests left to 'exit', such as removing their folders, happens before. */
  teardown(): void {
    process.removeAllListeners('SIGTERM');
    process.emit('exit', 0);
  }
}
