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
    const [, path = '', query = ''] = /^GET (\/api\/[a-z]+)(?:\?(.*))?$/.exec(request) ?? [];
    if (path === '/api/random') return randomBytes(new URLSearchParams(query));
    if (path !== '') return list(sampleOf(path, new URLSearchParams(query), now));
    const blocks = /^POST \/v1\/entropy (\{.*\})$/.exec(request)?.[1];
    if (blocks !== undefined) return blocksOf(JSON.parse(blocks));
  } catch (error) {
    if (!(error instanceof RangeError) && !(error instanceof SyntaxError)) throw error;
    throw new RedrawError(`the request of the receipt is none of a draw: ${error.message}`);
  }
  throw new RedrawError('the request of the receipt is none of a draw that this program knows');
}

function sampleOf(path: string, query: URLSearchParams, now: number): Sample<unknown> {
  const number = (name: string): number | undefined => {
    const text = query.get(name);
    return text === null ? undefined : Number(text);
  };
  const count = number('count');
  switch (path) {
    case '/api/integers': {
      const unique = query.get('unique') === 'true';
      return integers(checked.checkedIntegers({ count, min: number('min'), max: number('max'), unique }));
    }
    case '/api/floats':
      return floats(checked.checkedFloats({ count }));
    case '/api/gaussians':
      return gaussians(checked.checkedGaussians({ count, mean: number('mean'), stddev: number('stddev') }));
    case '/api/strings': {
      const alphabet = query.get('alphabet') ?? undefined;
      return strings(checked.checkedStrings({ count, length: number('length'), alphabet }));
    }
    case '/api/uuid': {
      const version = query.get('version') === '7' ? 7 : 4;
      return uuids({ ...checked.checkedUuids({ count, version }), now });
    }
    case '/api/permutation':
      return permutation(checked.checkedPermutation({ n: number('n') ?? 0 }));
    default:
      throw new RangeError(`${path} is not known`);
  }
}

function list(sample: Sample<unknown>): Redraw {
  return { draw: (take) => Buffer.from(JSON.stringify(draw(sample, take))) };
}

function randomBytes(query: URLSearchParams): Redraw {
  const count = checked.checkedBytes(Number(query.get('bytes')));
  const encoding = query.get('encoding') ?? 'hex';
  if (!['hex', 'base64', 'base64url', 'binary'].includes(encoding)) {
    throw new RangeError(`the encoding ${encoding} is not known`);
  }
  return {
    draw: (take) => {
      const drawn = draw(bytes({ count }), take);
      return encoding === 'binary' ? drawn : Buffer.from(drawn.toString(encoding as BufferEncoding));
    },
  };
}

function blocksOf(request: unknown): Redraw {
  const { block_size: size, block_count: blocks } = request as Record<string, unknown>;
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
