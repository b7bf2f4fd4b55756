/** The process itself as Jest's test environment: a test sees the globals that Node has, and those of Jest. */
import { createRequire } from 'node:module';
import { setTimeout } from 'node:timers/promises';

// They are CommonJS; import would read them twice to find their names.
const require = createRequire(import.meta.url);
const { ModernFakeTimers } = require('@jest/fake-timers');
const { ModuleMocker } = require('jest-mock');
const { exit } = process; // before Jest wraps it
void process.stdin; // opened here, so that it is nothing that a file leaves behind
/** Above this, programs start so slowly from a process that a new one, which loads Nest again, is faster. */
const MOST_MEMORY = 500_000_000;

export default class NodeEnvironment {
  global = globalThis;
  moduleMocker = new ModuleMocker(globalThis);

  #before;
  /** Coverage is counted for a process. */
  #isLast;

  constructor({ globalConfig, projectConfig }) {
    this.#isLast = globalConfig.collectCoverage;
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
    this.#before = state();
  }

  async teardown() {
    this.fakeTimersModern.dispose();
    this.moduleMocker.restoreAllMocks();
    process.exit = exit;
    // What was closed last may take some turns.
    for (let turn = 0; turn < 50 && state() !== this.#before; turn += 1) await setTimeout(1);
    const isLast = this.#isLast || state() !== this.#before || process.memoryUsage.rss() > MOST_MEMORY;
    // Jest asks for this once it has the results, and starts a new process for the next file when this one has ended.
    if (isLast) process.memoryUsage = endNow;
  }
}

/** Ends the process with 1, also where a thread still waits in the kernel, as for the other end of a FIFO: exit would wait for it forever. */
function endNow() {
  process.emit('exit', 1); // what the tests left to it, such as removing their folders
  process.execve('/bin/false', ['false']);
}

/** What a file of tests may leave behind in its process, besides what its modules keep. */
function state() {
  const listeners = process.eventNames().map((name) => [String(name), process.listenerCount(name)]);
  return JSON.stringify({
    environment: process.env,
    folder: process.cwd(),
    umask: process.umask(),
    hasFailpoint: globalThis[Symbol.for('qrng.failpoint')] !== undefined,
    listeners: listeners.filter(([name]) => name !== 'exit'),
    resources: process.getActiveResourcesInfo().sort(),
  });
}
