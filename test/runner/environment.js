/** The process itself as Jest's test environment: a test sees the globals that Node has, and those of Jest. */
import { createRequire, flushCompileCache } from 'node:module';

// They are CommonJS; import would read them twice to find their names.
const require = createRequire(import.meta.url);
const { ModernFakeTimers } = require('@jest/fake-timers');
const { ModuleMocker } = require('jest-mock');

export default class NodeEnvironment {
  global = globalThis;
  moduleMocker = new ModuleMocker(globalThis);

  constructor({ projectConfig }) {
    this.fakeTimersModern = new ModernFakeTimers({ config: projectConfig, global: globalThis });
    const owners = [this.moduleMocker, this.fakeTimersModern];
    /** What `import { jest } from '@jest/globals'` gives: spies and the clock. Modules are Node's own and cannot be replaced. */
    this.jest = new Proxy(owners, {
      get(_target, name) {
        const owner = owners.find((each) => name in each);
        if (owner === undefined) throw new TypeError(`test/runner has no jest.${String(name)}`);
        return owner[name].bind(owner);
      },
    });
  }

  exportConditions() {
    return ['node', 'node-addons'];
  }

  getVmContext() {
    return null;
  }

  setup() {
    // Everything is there.
  }

  /** Jest now ends the process with SIGTERM: what Node does at the end, and what the tests left to 'exit', happens before. */
  teardown() {
    process.removeAllListeners('SIGTERM');
    process.emit('exit', 0);
    flushCompileCache();
  }
}
