/** Finds the name that a mistyped one was probably meant to be. */

/** The candidate with the smallest Levenshtein distance to `name`. */
export function nearest(name: string, candidates: readonly string[]): string {
  let best = '';
  let smallest = Infinity;
  for (const candidate of candidates) {
    const found = distance(name, candidate);
    if (found < smallest) [best, smallest] = [candidate, found];
  }
  return best;
}

function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 0; row < a.length; row++) {
    const current = [row + 1];
    for (let column = 0; column < b.length; column++) {
      const substituted = (previous[column] ?? 0) + (a[row] === b[column] ? 0 : 1);
      const deleted = (previous[column + 1] ?? 0) + 1;
      const inserted = (current[column] ?? 0) + 1;
      current.push(Math.min(substituted, deleted, inserted));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
