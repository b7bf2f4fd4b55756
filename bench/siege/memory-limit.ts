/** Limits the memory of a process as that of a container is (cgroup v1), and says what the kernel held for its TCP sockets. */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const MOUNT = '/sys/fs/cgroup/memory';

export class MemoryLimit {
  private constructor(private readonly folder: string) {}

  /** Limits process `pid` to `bytes`, below what limits this process; nothing where the machine does not allow it. */
  static of(pid: number, bytes: number): MemoryLimit | undefined {
    const own = /^\d+:memory:(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'latin1'))?.[1];
    if (own === undefined || !existsSync(join(MOUNT, own, 'memory.kmem.tcp.limit_in_bytes'))) {
      return undefined;
    }
    const limit = new MemoryLimit(join(MOUNT, own, `qrng-siege-${pid}`));
    try {
      mkdirSync(limit.folder);
      limit.#write('memory.limit_in_bytes', bytes);
      limit.#write('memory.kmem.tcp.limit_in_bytes', bytes); // from now on the kernel counts
      limit.#write('cgroup.procs', pid);
    } catch {
      if (existsSync(limit.folder)) limit.remove();
      return undefined; // not root, or mounted to be read alone
    }
    return limit;
  }

  /** The most that the kernel held for its sockets so far, in bytes. */
  socketBytes(): number {
    return Number(readFileSync(join(this.folder, 'memory.kmem.tcp.max_usage_in_bytes'), 'latin1'));
  }

  /** After the end of the process. */
  remove(): void {
    rmdirSync(this.folder);
  }

  #write(name: string, value: number): void {
    writeFileSync(join(this.folder, name), String(value));
  }
}
