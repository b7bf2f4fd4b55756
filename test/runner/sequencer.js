/** What crosses apps first: those suites wait much, and the short unit specs fill the gaps that they leave at the end. */
import { createRequire } from 'node:module';

const { default: Sequencer } = createRequire(import.meta.url)('@jest/test-sequencer');

export default class CrossAppsFirst extends Sequencer {
  sort(tests) {
    const isUnit = ({ path }) => !path.startsWith(import.meta.dirname.replace(/runner$/, ''));
    return super.sort(tests).sort((a, b) => Number(isUnit(a)) - Number(isUnit(b)));
  }
}
