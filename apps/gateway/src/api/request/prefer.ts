/** The Prefer field of a request (RFC 7240), and the Preference-Applied field of its answer. */
import type { FastifyReply, FastifyRequest } from 'fastify';

/** The longest that a request is let wait, in seconds. */
const MAX_WAIT_SECS = 30;

/** TOKEN [= VALUE] *( ; PARAMETER ), where a value is a token or a quoted string. */
const PREFERENCE =
  /[\s,]*([!#$%&'*+.^_`|~\w-]+)(?:\s*=\s*([!#$%&'*+.^_`|~\w-]+|"(?:[^"\\]|\\.)*"))?([^,"]|"(?:[^"\\]|\\.)*")*(?:,|$)/gy;

/** Each preference with its value, empty where it has none. Of one that comes twice the first one counts. */
export function preferences({ headers }: Pick<FastifyRequest, 'headers'>): ReadonlyMap<string, string> {
  const { prefer } = headers;
  const found = new Map<string, string>();
  if (prefer === undefined) return found;
  const field = Array.isArray(prefer) ? prefer.join() : prefer;
  for (const [, name = '', value = ''] of field.matchAll(PREFERENCE)) {
    const known = name.toLowerCase();
    if (!found.has(known)) found.set(known, value.startsWith('"') ? unquoted(value) : value);
  }
  return found;
}

/** The seconds that the client prefers to wait rather than to be refused, at most 30; nothing if it does not. */
export function preferredWait(request: Pick<FastifyRequest, 'headers'>): number | undefined {
  const wait = preferences(request).get('wait');
  if (wait === undefined || !/^\d+$/.test(wait)) return undefined; // what is not understood is ignored
  return Math.min(Number(wait), MAX_WAIT_SECS);
}

export function noteApplied(reply: FastifyReply, preference: string): void {
  const before = reply.getHeader('preference-applied');
  void reply.header(
    'preference-applied',
    before === undefined ? preference : `${String(before)}, ${preference}`,
  );
}

function unquoted(text: string): string {
  return text.slice(1, -1).replace(/\\(.)/g, '$1');
}
