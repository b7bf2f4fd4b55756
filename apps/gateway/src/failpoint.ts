/** Named places at which a test may stop the process. In production nothing is there to be called. */

type Hook = (name: string) => void;

/** Calls the hook that a test preloaded as `globalThis[Symbol.for('qrng.failpoint')]`. */
export function failpoint(name: string): void {
  (globalThis as Record<symbol, Hook | undefined>)[Symbol.for('qrng.failpoint')]?.(name);
}
