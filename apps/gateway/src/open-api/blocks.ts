/** Reads a request for blocks, and cuts bytes into them. */
import { Validator } from '#libs/settings';
import { ApiError } from '../problem/api-error.js';
import type { ParameterError } from '../problem/api-error.js';
import { BlocksRequestDto } from './blocks.dto.js';
import { JsonError, parseObject } from './strict-json.js';

const validator = new Validator();
const MEMBERS = ['block_size', 'block_count', 'entropy_type'];

/**
 * The request in `body`.
 *
 * @param maxBytes of all blocks together.
 * @throws {ApiError} `unprocessable-content`, with each member that is invalid.
 */
export function readBlocksRequest(body: Uint8Array, maxBytes: number): BlocksRequestDto {
  const request = Object.assign(new BlocksRequestDto(), knownMembers(body));
  const errors = validator
    .validateSync(request, { stopAtFirstError: true })
    .map(({ property, constraints = {} }): ParameterError => ({
      name: property,
      detail: Object.values(constraints)[0] ?? 'is invalid',
    }));
  if (errors.length === 0 && request.block_size * request.block_count > maxBytes) {
    errors.push(
      { name: 'block_size', detail: `times block_count must be at most ${maxBytes}` },
      { name: 'block_count', detail: `times block_size must be at most ${maxBytes}` },
    );
  }
  if (errors.length > 0) throw unprocessable(errors);
  return request;
}

/** The bytes as blocks in base64. Their number is a multiple of `blockSize`. */
export function blocksOf(bytes: Buffer, blockSize: number): string[] {
  return Array.from({ length: bytes.length / blockSize }, (_, i) =>
    bytes.toString('base64', i * blockSize, (i + 1) * blockSize),
  );
}

function knownMembers(body: Uint8Array): Record<string, unknown> {
  try {
    return Object.fromEntries(Object.entries(parseObject(body)).filter(([name]) => MEMBERS.includes(name)));
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    throw new ApiError('unprocessable-content', `Invalid request: ${error.message}.`);
  }
}

function unprocessable(errors: readonly ParameterError[]): ApiError {
  const detail = `${errors.map(({ name, detail }) => `${name} ${detail}`).join('; ')}.`;
  return new ApiError('unprocessable-content', detail, { errors });
}
