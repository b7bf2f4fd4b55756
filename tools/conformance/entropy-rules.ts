/** The rules of POST /entropy: what it gives, and what it refuses. */
import { extensionsFault, isWhole, shown, unless } from './rule.js';
import type { Basis, Rule } from './rule.js';
import { objectOf } from './server.js';
import type { Answer, JsonObject, Server } from './server.js';

/** Blocks long enough that two of good bytes are never equal. */
const DISTINCT_BYTES = 16;

interface Bounds {
  readonly minSize: number;
  readonly maxSize: number;
  readonly minCount: number;
  readonly maxCount: number;
}

/** The bounds as far as they make sense; C2 and C3 say where they do not. */
async function boundsOf(server: Server): Promise<Bounds> {
  const bounds = await server.bounds();
  const whole = (name: string, fallback: number) => {
    const value = bounds[name];
    return isWhole(value, 1) ? value : fallback;
  };
  return {
    minSize: whole('min_block_size', 1),
    maxSize: whole('max_block_size', 1),
    minCount: whole('min_block_count', 1),
    maxCount: whole('max_block_count', 1),
  };
}

/** What is wrong with an answer that should have `count` blocks of `size` bytes. */
function blocksFault({ status, type, json }: Answer, size: number, count: number): string | undefined {
  if (status !== 200 || !/^application\/json\b/i.test(type)) {
    return `status ${status}, ${type || 'no content type'}`;
  }
  const { entropy, extensions } = objectOf(json);
  if (!Array.isArray(entropy) || entropy.length !== count) {
    return `entropy is ${shown(entropy)} instead of ${count} blocks`;
  }
  const bad = (entropy as unknown[]).find((block) => !isBlock(block, size));
  return (
    unless(bad === undefined, `a block is ${shown(bad)} instead of ${size} bytes in base64`) ??
    extensionsFault(extensions)
  );
}

/** Standard base64 (RFC 4648, section 4) with padding, of exactly `size` bytes. */
function isBlock(block: unknown, size: number): boolean {
  if (typeof block !== 'string') return false;
  const bytes = Buffer.from(block, 'base64');
  return bytes.length === size && bytes.toString('base64') === block;
}

async function ask(
  server: Server,
  size: number,
  count: number,
  more: object = {},
): Promise<string | undefined> {
  return blocksFault(await server.post({ block_size: size, block_count: count, ...more }), size, count);
}

const GIVEN: readonly Rule[] = [
  {
    id: 'E1',
    basis: 'document',
    text: 'POST entropy with `block_size` alone gives one block (or `min_block_count` of them)',
    check: async (server) => {
      const { minSize, minCount } = await boundsOf(server);
      if (minCount > 1) return null;
      return blocksFault(await server.post({ block_size: minSize }), minSize, 1);
    },
  },
  {
    id: 'E2',
    basis: 'clients',
    text: 'It gives exactly `block_count` blocks, each standard base64 with padding of exactly `block_size` bytes',
    check: async (server) => {
      const { minSize, maxSize, minCount, maxCount } = await boundsOf(server);
      for (const size of [minSize, minSize + 1, minSize + 2, 32].filter(
        (size) => size >= minSize && size <= maxSize,
      )) {
        const fault = await ask(server, size, Math.min(Math.max(3, minCount), maxCount));
        if (fault !== undefined) return fault;
      }
      return undefined;
    },
  },
  {
    id: 'E3',
    basis: 'document',
    text: 'It gives the largest block and the largest number of blocks that the capabilities say',
    check: async (server) => {
      const { minSize, maxSize, minCount, maxCount } = await boundsOf(server);
      return (await ask(server, maxSize, minCount)) ?? (await ask(server, minSize, maxCount));
    },
  },
  {
    id: 'E4',
    basis: 'document',
    text: 'It accepts each of `entropy_types`',
    check: async (server) => {
      const { entropy_types: types } = await server.bounds();
      if (!Array.isArray(types)) return null;
      const { minSize, minCount } = await boundsOf(server);
      for (const entropy_type of types as unknown[]) {
        const fault = await ask(server, minSize, minCount, { entropy_type });
        if (fault !== undefined) return `${shown(entropy_type)}: ${fault}`;
      }
      return undefined;
    },
  },
  {
    id: 'E5',
    basis: 'judgement',
    text: 'No two blocks are equal, within an answer and between two',
    check: async (server) => {
      const { minSize, maxSize, maxCount } = await boundsOf(server);
      const size = Math.max(minSize, DISTINCT_BYTES);
      if (size > maxSize) return null;
      const count = Math.min(8, maxCount);
      const answers = [await server.post({ block_size: size, block_count: count })];
      answers.push(await server.post({ block_size: size, block_count: count }));
      const blocks = answers.flatMap(({ json }) => objectOf(json)['entropy'] as unknown[]);
      return unless(new Set(blocks).size === blocks.length, 'the same block came twice');
    },
  },
  {
    id: 'E6',
    basis: 'judgement',
    text: 'JSON is read also under `application/x-www-form-urlencoded`, as the curl example of the document sends it',
    check: async (server) => {
      const { minSize, minCount } = await boundsOf(server);
      const body = { block_size: minSize, block_count: minCount };
      return blocksFault(await server.post(body, 'application/x-www-form-urlencoded'), minSize, minCount);
    },
  },
];

type Body = (bounds: Bounds, raw: JsonObject) => object | string;

/** A request that must be answered 422. */
function refusal(id: string, basis: Basis, text: string, body: Body): Rule {
  return {
    id,
    basis,
    text: `${text}: 422`,
    check: async (server) => {
      const { status } = await server.post(body(await boundsOf(server), await server.bounds()));
      return unless(status === 422, `the answer is ${status}`);
    },
  };
}

const REFUSED: readonly Rule[] = [
  refusal('R1', 'document', '`block_size` is missing', ({ minCount }) => ({ block_count: minCount })),
  refusal('R2', 'document', '`block_size` is above the maximum', ({ maxSize }) => ({
    block_size: maxSize + 1,
  })),
  refusal('R3', 'document', '`block_size` is below the minimum', ({ minSize }) => ({
    block_size: minSize - 1,
  })),
  refusal('R4', 'document', '`block_count` is above the maximum', ({ minSize, maxCount }) => ({
    block_size: minSize,
    block_count: maxCount + 1,
  })),
  refusal('R5', 'document', '`block_count` is below the minimum', ({ minSize, minCount }) => ({
    block_size: minSize,
    block_count: minCount - 1,
  })),
  refusal('R6', 'judgement', '`entropy_type` is none of the list', ({ minSize }) => ({
    block_size: minSize,
    entropy_type: 'no-such-type-of-entropy',
  })),
  refusal('R7', 'judgement', 'The body is not JSON', () => '{"block_size":'),
  refusal('R8', 'judgement', '`block_size` is text', ({ minSize }) => ({ block_size: String(minSize) })),
  refusal('R9', 'judgement', '`block_size` is not whole', ({ minSize }) => ({ block_size: minSize + 0.5 })),
  refusal(
    'R10',
    'judgement',
    'A member is given twice',
    ({ minSize }) => `{"block_size":${minSize},"block_size":${minSize}}`,
  ),
  {
    id: 'R11',
    basis: 'judgement',
    text: 'GET entropy: 405 with `Allow: POST`',
    check: async (server) => {
      const { status, allow } = await server.get('entropy');
      return unless(status === 405 && /\bPOST\b/.test(allow), `status ${status}, Allow: ${allow}`);
    },
  },
];

export const ENTROPY_RULES: readonly Rule[] = [...GIVEN, ...REFUSED];
