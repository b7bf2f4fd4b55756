/** Repeats a public draw from the bytes that its receipt reveals, with the code that the gateway drew with. */
import { bytes } from '../../../../libs/entropy/src/sampling/bytes.js';
import { floats } from '../../../../libs/entropy/src/sampling/floats.js';
import { gaussians } from '../../../../libs/entropy/src/sampling/gaussians.js';
import { integers } from '../../../../libs/entropy/src/sampling/integers.js';
import { permutation } from '../../../../libs/entropy/src/sampling/permutation.js';
import { draw } from '../../../../libs/entropy/src/sampling/sample.js';
import type { Sample } from '../../../../libs/entropy/src/sampling/sample.js';
import { strings } from '../../../../libs/entropy/src/sampling/strings.js';
import { uuids } from '../../../../libs/entropy/src/sampling/uuids.js';
import * as checked from '../draws.js';

/** A request, as a draw of bytes of an answer. */
interface Redraw {
  draw(take: (count: number) => Buffer): Buffer;
}

/** The draw cannot be repeated; the message says why. */
export class RedrawError extends Error {
  override readonly name = 'RedrawError';
}

/**
 * The body of the answer that `request` gives with these bytes.
 *
 * @param request in its canonical form, as the entry of a receipt has it.
 * @param raw all bytes that the draw took, in their order.
 * @param now when it was drawn, Unix ms.
 * @throws {RedrawError} when it is no request of a draw, or takes fewer or more bytes.
 */
export function redrawn(request: string, raw: Buffer, now: number): Buffer {
  const { draw: drawFrom } = redrawOf(request, now);
  let at = 0;
  let body: Buffer;
  try {
    body = drawFrom((count) => {
      if (at + count > raw.length) {
        throw new RedrawError('the draw takes more bytes than the receipt reveals');
      }
      at += count;
      return Buffer.from(raw.subarray(at - count, at));
    });
  } catch (error) {
    if (error instanceof RedrawError || !(error instanceof Error)) throw error;
    throw new RedrawError(`the draw fails: ${error.message}`);
  }
  if (at < raw.length) throw new RedrawError('the draw takes fewer bytes than the receipt reveals');
  return body;
}

function redrawOf(request: string, now: number): Redraw {
  try {
    const [, path = '', query = ''] = /^GET (\/api\/[a-z]+)(?:\?(.+))?$/.exec(request) ?? [];
    if (path === '/api/random') return randomBytes(new Parameters(query, ['bytes', 'encoding']));
    if (path !== '') return list(sampleOf(path, query, now));
    const blocks = /^POST \/v1\/entropy (\{.*\})$/.exec(request)?.[1];
    if (blocks !== undefined) return blocksOf(blocks);
  } catch (error) {
    const isRefusal = [RangeError, SyntaxError, URIError].some((one) => error instanceof one);
    if (!isRefusal || !(error instanceof Error)) throw error;
    throw new RedrawError(`the request of the receipt is none of a draw: ${error.message}`);
  }
  throw new RedrawError('the request of the receipt is none of a draw that this program knows');
}

/** The parameters of a request, read as strictly as the gateway writes them: a second spelling could hide what was asked for. */
class Parameters {
  readonly #values: ReadonlyMap<string, string>;

  /** @throws {RangeError} or {URIError} when it has others than `known`, or is not in the canonical form. */
  constructor(query: string, known: readonly string[]) {
    const pairs = query === '' ? [] : query.split('&').map((pair) => pair.split('='));
    this.#values = new Map(pairs.map(([name = '', value = '']) => [name, decodeURIComponent(value)]));
    const names = [...this.#values.keys()].sort();
    const canonical = names.map((name) => `${name}=${encodeURIComponent(this.#values.get(name) ?? '')}`);
    if (canonical.join('&') !== query) throw new RangeError('its parameters are not in their canonical form');
    const unknown = names.find((name) => !known.includes(name));
    if (unknown !== undefined) throw new RangeError(`${unknown} is none of its parameters`);
  }

  text(name: string): string | undefined {
    return this.#values.get(name);
  }

  number(name: string): number | undefined {
    const text = this.text(name);
    const value = text === undefined ? undefined : Number(text);
    if (value !== undefined && String(value) !== text) throw new RangeError(`${name} is not a number`);
    return value;
  }

  /** Undefined where `values` has it not, or the parameter was not given. */
  oneOf<T>(name: string, values: Readonly<Record<string, T>>): T | undefined {
    const text = this.text(name);
    if (text !== undefined && !Object.hasOwn(values, text)) {
      throw new RangeError(`${name} is none of ${Object.keys(values).join(', ')}`);
    }
    return text === undefined ? undefined : values[text];
  }
}

function sampleOf(path: string, query: string, now: number): Sample<unknown> {
  const given = (...known: string[]): Parameters => new Parameters(query, known);
  switch (path) {
    case '/api/integers': {
      const asked = given('count', 'max', 'min', 'unique');
      const [count, min, max] = [asked.number('count'), asked.number('min'), asked.number('max')];
      const unique = asked.oneOf('unique', { true: true, false: false });
      return integers(checked.checkedIntegers({ count, min, max, unique }));
    }
    case '/api/floats':
      return floats(checked.checkedFloats({ count: given('count').number('count') }));
    case '/api/gaussians': {
      const asked = given('count', 'mean', 'stddev');
      const [mean, stddev] = [asked.number('mean'), asked.number('stddev')];
      return gaussians(checked.checkedGaussians({ count: asked.number('count'), mean, stddev }));
    }
    case '/api/strings': {
      const asked = given('alphabet', 'count', 'length');
      const [count, length] = [asked.number('count'), asked.number('length')];
      return strings(checked.checkedStrings({ count, length, alphabet: asked.text('alphabet') }));
    }
    case '/api/uuid': {
      const asked = given('count', 'version');
      const version = asked.oneOf('version', { 4: 4, 7: 7 } as const);
      return uuids({ ...checked.checkedUuids({ count: asked.number('count'), version }), now });
    }
    case '/api/permutation':
      return permutation(checked.checkedPermutation({ n: given('n').number('n') ?? 0 }));
    default:
      throw new RangeError(`${path} is not known`);
  }
}

function list(sample: Sample<unknown>): Redraw {
  return { draw: (take) => Buffer.from(JSON.stringify(draw(sample, take))) };
}

const ENCODINGS = { hex: 'hex', base64: 'base64', base64url: 'base64url', binary: 'binary' } as const;

function randomBytes(asked: Parameters): Redraw {
  const count = checked.checkedBytes(asked.number('bytes') ?? 0);
  const encoding = asked.oneOf('encoding', ENCODINGS) ?? 'hex';
  return {
    draw: (take) => {
      const drawn = draw(bytes({ count }), take);
      return encoding === 'binary' ? drawn : Buffer.from(drawn.toString(encoding));
    },
  };
}

function blocksOf(request: string): Redraw {
  const { block_size: size, block_count: blocks } = JSON.parse(request) as Record<string, unknown>;
  const canonical = JSON.stringify({ block_count: Number(blocks), block_size: Number(size) });
  if (canonical !== request) throw new RangeError('its body is not in the canonical form');
  for (const number of [size, blocks]) checked.checkedBytes(Number(number));
  const count = checked.checkedBytes(Number(size) * Number(blocks));
  return {
    draw: (take) => {
      const drawn = draw(bytes({ count }), take);
      const entropy = Array.from({ length: Number(blocks) }, (_, i) =>
        drawn.toString('base64', i * Number(size), (i + 1) * Number(size)),
      );
      return Buffer.from(JSON.stringify({ entropy }));
    },
  };
}
