/** Reads the token of `Authorization: Bearer TOKEN` (RFC 6750, section 2.1). */
import type { FastifyRequest } from 'fastify';

/** The token, or nothing when the header is absent or of another form. */
export function bearerToken(request: FastifyRequest): string | undefined {
  return /^Bearer ([A-Za-z0-9._~+/-]+=*)$/i.exec(request.headers.authorization ?? '')?.[1];
}
