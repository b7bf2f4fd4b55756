/**
 * Requests that were read in one turn of the event loop go on in lockstep:
 *
 *   read, read, read -> authenticate, authenticate, authenticate -> ... -> log, log, log
 *
 * A small request under load then costs less (docs/decisions/0007-requests-in-lockstep.md has the figures), most likely because
 * each step finds its code where the request before has left it, in the processor's caches. A request that is alone waits for
 * the end of its turn and nothing else.
 */

/** Larger crowds go in groups: at 1000 connections that serves some 15 % more than one group of all. */
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
