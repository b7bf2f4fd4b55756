/**
 * Requests that were read in one turn of the event loop go on in lockstep:
 *
 *   read, read, read -> authenticate, authenticate, authenticate -> ... -> log, log, log
 *
 * Each step finds its code and data in the processor's caches, where the request before has just left them; a small request
 * under load costs half as much (docs/performance.md). A request that is alone waits for nothing.
 */

/** Beyond so many requests their own data no longer fits into the caches: the next ones go on after them. */
const MOST = 64;

/** A gate: what is handed to it goes on with the rest of its turn. */
export function lockstep(): (goOn: () => void) => void {
  let group: (() => void)[] = [];
  return (goOn) => {
    if (group.length === 0 || group.length === MOST) group = begin();
    group.push(goOn);
  };

  function begin(): (() => void)[] {
    const mine: (() => void)[] = [];
    setImmediate(() => {
      if (group === mine) group = [];
      for (const goOn of mine) goOn();
    });
    return mine;
  }
}
