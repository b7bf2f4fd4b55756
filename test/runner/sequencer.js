/** The order: what takes longest first, what crosses apps, then the short unit specs, which fill the gaps that are left at the end. */
import { createRequire } from 'node:module';
import { join } from 'node:path';

const { default: Sequencer } = createRequire(import.meta.url)('@jest/test-sequencer');

const TESTS = join(import.meta.dirname, '..');
/** Half a minute and more, in small files: where it has no times yet, as in CI, Jest starts the largest files first. */
const LONG = ['pool/replicas', 'nest', 'diode', 'release', 'gateway/kill', 'deploy/monitoring'];
const FIRST = new Set(LONG.map((name) => join(TESTS, `${name}.spec.ts`)));

export default class LongestFirst extends Sequencer {
  sort(tests) {
    return super.sort(tests).sort((a, b) => turnOf(a.path) - turnOf(b.path));
  }
}

function turnOf(path) {
  if (FIRST.has(path)) return 0;
  return path.startsWith(TESTS) ? 1 : 2;
}
