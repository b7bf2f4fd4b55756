import { describe, expect, test } from '@jest/globals';
import { EventLimit } from './event-limit.js';

const MINUTE = 60_000;

class Trail {
  now = 0;
  readonly #limit = new EventLimit<'replay' | 'stale'>();

  /** How many of `count` lines of `source` are written. */
  lines(count: number, source: string, event: 'replay' | 'stale' = 'replay'): number {
    let written = 0;
    for (let line = 0; line < count; line++) written += Number(this.#limit.admits(event, source, this.now));
    return written;
  }

  /** How many of 20 lines of each of `sources` are written. */
  flood(sources: number, address: (source: number) => string): number {
    let written = 0;
    for (let source = 0; source < sources; source++) written += this.lines(20, address(source));
    return written;
  }
}

const elsewhere = (source: number): string => `198.51.${source}.1`;

describe('somebody who floods the trail', () => {
  test('gets ten lines, and one more in six seconds', () => {
    const trail = new Trail();
    expect(trail.lines(50, '192.0.2.1')).toBe(10);
    trail.now += MINUTE;
    expect(trail.lines(50, '192.0.2.1')).toBe(10);
    trail.now += 6000;
    expect(trail.lines(50, '192.0.2.1')).toBe(1);
  });

  test('hides no other event', () => {
    const trail = new Trail();
    trail.flood(200, elsewhere);
    expect(trail.lines(10, elsewhere(0), 'stale')).toBe(10);
  });

  test.each([12, 190])('with %i sources hides no line of another one', (sources) => {
    const trail = new Trail();
    expect(trail.flood(sources, elsewhere)).toBe(sources * 10);
    expect(trail.lines(15, '192.0.2.1')).toBe(10);
  });

  test('for hours hides no line of another one', () => {
    const trail = new Trail();
    for (let minute = 0; minute < 300; minute++) {
      trail.flood(190, elsewhere);
      trail.now += MINUTE;
    }
    expect(trail.lines(15, '192.0.2.1')).toBe(10);
  });

  test.each([
    ['IPv6 /48', (source: number) => `2001:db8:0:${source.toString(16)}::1`],
    ['IPv4 /24', (source: number) => `192.0.2.${source}`],
  ])('with all of one %s gets 250 lines', (_, address) => {
    expect(new Trail().flood(200, address)).toBe(250);
  });

  test('with more sources than can be remembered gets 2100 lines, and two more a second', () => {
    const trail = new Trail();
    const crowd = (upper: number): number => trail.flood(5000, (n) => `${upper}.${n >> 8}.${n & 255}.1`);
    expect(crowd(11)).toBe(2100);
    trail.now += 10_000;
    expect(crowd(12)).toBe(20);
  });

  test('for long is a newcomer again after an hour of silence', () => {
    const trail = new Trail();
    trail.flood(200, elsewhere); // no newcomers' line is left
    trail.flood(200, elsewhere); // nor one of the known sources'
    trail.now += 3000 * 1000;
    expect(trail.flood(200, elsewhere)).toBe(100);
    trail.now += 3600 * 1000;
    expect(trail.flood(200, elsewhere)).toBe(2000);
  });
});
