/** Dice as players write them: `3d6`, `d20+5`, `2d10 - 1d4`, `d%`. */
import { integers, sequence } from '#libs/entropy';
import type { Sample } from '#libs/entropy';
import { invalidParameters } from '../api/request/parameters.js';

const MAX_DICE = 1000;
const MAX_SIDES = 1_000_000;
const MAX_NUMBER = 1_000_000;

/** A part of the notation: dice of one kind, or a number. */
const TERM = '(?:\\d{0,4}d(?:\\d{1,7}|%)|\\d{1,7})';
const NOTATION = new RegExp(`^[+-]?${TERM}(?:[+-]${TERM}){0,63}$`, 'i');

interface Dice {
  readonly sign: number;
  readonly count: number;
  readonly sides: number;
}

interface Notation {
  readonly dice: readonly Dice[];
  /** What is added to all of them. */
  readonly modifier: number;
}

export interface Throw {
  /** Each kind of dice, as they fell. */
  readonly rolls: { readonly dice: string; readonly results: number[] }[];
  readonly total: number;
}

/** A throw of the dice that `notation` names. @throws {ApiError} `invalid-parameter`. */
export function diceThrow(notation: unknown): Sample<Throw> {
  const parsed = parse(notation);
  const all = sequence(parsed.dice.map(({ count, sides }) => integers({ count, min: 1, max: sides })));
  return { ...all, draw: (bits) => throwOf(parsed, all.draw(bits)) };
}

function parse(notation: unknown): Notation {
  const text = typeof notation === 'string' ? notation.replaceAll(' ', '') : '';
  if (!NOTATION.test(text)) throw invalid();
  const dice: Dice[] = [];
  let modifier = 0;
  for (const [, minus, count = '', sides, number] of text.matchAll(/(?:\+|(-))?(?:(\d*)d(\d+|%)|(\d+))/gi)) {
    const sign = minus === undefined ? 1 : -1;
    if (sides === undefined) modifier += sign * Number(number);
    else dice.push({ sign, count: Number(count || 1), sides: sides === '%' ? 100 : Number(sides) });
  }
  const total = dice.reduce((sum, { count }) => sum + count, 0);
  const bad = dice.some(({ count, sides }) => count < 1 || sides < 2 || sides > MAX_SIDES);
  if (bad || total < 1 || total > MAX_DICE || Math.abs(modifier) > MAX_NUMBER) throw invalid();
  return { dice, modifier };
}

function throwOf({ dice, modifier }: Notation, drawn: readonly number[][]): Throw {
  const rolls = dice.map(({ count, sides }, i) => ({ dice: `${count}d${sides}`, results: drawn[i] ?? [] }));
  const sums = rolls.map(({ results }) => results.reduce((sum, value) => sum + value, 0));
  const total = dice.reduce((sum, { sign }, i) => sum + sign * (sums[i] ?? 0), modifier);
  return { rolls, total };
}

function invalid(): Error {
  const detail = `must be dice such as 3d6+2: 1 to ${MAX_DICE} of them, of 2 to ${MAX_SIDES} sides`;
  return invalidParameters([{ name: 'notation', detail }]);
}
