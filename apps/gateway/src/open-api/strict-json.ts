/** Reads JSON (RFC 8259) without the room for interpretation that JSON.parse leaves: members named twice, 1.0 for 1. */

import { repeatedMember } from '../repeated-member.js';

/** Text that is no JSON object, or one that two readers could understand differently. */
export class JsonError extends Error {}

/**
 * The members of a JSON object. A number that is not written as an integer becomes null, at any depth.
 *
 * @throws {JsonError} for all that is not UTF-8, not JSON or not an object, or that names a member twice, at any depth.
 */
export function parseObject(body: Uint8Array): Record<string, unknown> {
  const text = decoded(body);
  const value = parsed(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new JsonError('the body must be a JSON object');
  }
  const twice = repeatedMember(text);
  if (twice !== undefined) throw new JsonError(`a member of the body is given twice: ${twice}`);
  return { ...value };
}

function decoded(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    throw new JsonError('the body must be UTF-8');
  }
}

function parsed(text: string): unknown {
  try {
    JSON.parse(text);
  } catch {
    throw new JsonError('the body must be JSON');
  }
  // Not by a reviver with the source text of each number: V8 13.6 leaves it out now and then, as the spec found.
  return JSON.parse(text.replace(STRING_OR_NUMBER, (token) => (isOther(token) ? 'null' : token)));
}

const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

/** Whether it is a number that is not written as an integer. */
function isOther(token: string): boolean {
  return !token.startsWith('"') && !/^-?\d+$/.test(token);
}
