import { describe, expect, it } from '@jest/globals';
import { declareCall, declareNotice } from './call.js';
import { Channel, ChannelError } from './channel.js';

const DOUBLE = declareCall<{ of: number }, number>('double');
const UNKNOWN = declareCall<undefined, number>('unknown');
const NEWS = declareNotice<string>('news');

/** Two ends, each message a copy, one turn later. */
function pair(): { left: Channel; right: Channel; defects: unknown[] } {
  const defects: unknown[] = [];
  const note = (error: unknown): void => void defects.push(error);
  const left: Channel = new Channel((message) => {
    const copy: unknown = structuredClone(message);
    setImmediate(() => right.receive(copy));
  }, note);
  const right: Channel = new Channel((message) => {
    const copy: unknown = structuredClone(message);
    setImmediate(() => left.receive(copy));
  }, note);
  return { left, right, defects };
}

describe('Channel', () => {
  it('carries calls both ways, and their answers in any order', async () => {
    const { left, right } = pair();
    let release: () => void = () => undefined;
    const held = new Promise<void>((done) => (release = done));
    right.answer(DOUBLE, async ({ of }) => {
      if (of === 1) await held;
      return 2 * of;
    });
    left.answer(DOUBLE, ({ of }) => -2 * of);
    const first = left.call(DOUBLE, { of: 1 });
    expect(await left.call(DOUBLE, { of: 2 })).toBe(4);
    release();
    expect(await first).toBe(2);
    expect(await right.call(DOUBLE, { of: 3 })).toBe(-6);
  });

  it('says what a handler threw to both sides, and goes on', async () => {
    const { left, right, defects } = pair();
    right.answer(DOUBLE, ({ of }) => {
      if (of === 0) throw new RangeError('nothing to double');
      return 2 * of;
    });
    await expect(left.call(DOUBLE, { of: 0 })).rejects.toThrow(ChannelError);
    await expect(left.call(UNKNOWN, undefined)).rejects.toThrow('nothing answers unknown');
    expect(defects).toEqual([new RangeError('nothing to double'), new Error('nothing answers unknown')]);
    expect(await left.call(DOUBLE, { of: 1 })).toBe(2);
  });

  it('gives up what waits when the other side is gone, and takes nothing from it any more', async () => {
    const { left, right } = pair();
    const heard: string[] = [];
    left.hear(NEWS, (news) => void heard.push(news));
    right.answer(DOUBLE, () => new Promise<number>(() => undefined));
    const waiting = left.call(DOUBLE, { of: 1 });
    left.close();
    await expect(waiting).rejects.toThrow(ChannelError);
    await expect(left.call(DOUBLE, { of: 1 })).rejects.toThrow(ChannelError);
    left.receive({ kind: 'call', name: 'news', args: 'late' });
    expect(heard).toEqual([]);
  });
});
