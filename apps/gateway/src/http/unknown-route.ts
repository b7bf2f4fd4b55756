/** What is told of a path or method that does not exist: to a client 404 or 405, and under /api nothing without a key. */
import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Authenticator } from '../gate/authenticator.js';
import { ClientThrottlerGuard } from '../gate/client-throttler.guard.js';
import { ApiError } from '../problem/api-error.js';

/** The methods of any route there is. */
const METHODS = ['GET', 'HEAD', 'POST'] as const;

const NO_TUNNELS = new ApiError('method-not-allowed', 'This gateway is no proxy: it opens no tunnels.', {
  headers: { allow: METHODS.join(', ') },
});

@Injectable()
export class UnknownRoute {
  constructor(
    private readonly authenticator: Authenticator,
    private readonly throttler: ClientThrottlerGuard,
  ) {}

  /**
   * Refuses the request, before its body is read.
   *
   * @throws {ApiError} always.
   */
  async refuse(request: FastifyRequest, reply: FastifyReply): Promise<never> {
    if (request.method === 'CONNECT') throw NO_TUNNELS;
    const path = pathOf(request.url);
    if (mayBeApi(path)) await this.#admit(request, reply);
    const allowed = METHODS.filter((method) => request.server.hasRoute({ method, url: path }));
    if (allowed.length === 0) {
      throw new ApiError('not-found', 'There is nothing at this path; /docs describes the API.');
    }
    throw new ApiError('method-not-allowed', `This path knows ${allowed.join(', ')}.`, {
      headers: { allow: allowed.join(', ') },
    });
  }

  /**
   * Refuses a request for its content type, before its body is read.
   *
   * @throws {ApiError} always.
   */
  async refuseBody(request: FastifyRequest, reply: FastifyReply): Promise<never> {
    await this.#admit(request, reply);
    throw new ApiError('unsupported-media-type', 'Send JSON, as Content-Type: application/json.');
  }

  async #admit(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    request.client = await this.authenticator.authenticate(request);
    await this.throttler.limit(request, reply);
  }
}

/** Without the query, and without the scheme and host of an absolute form, which the router takes off, too. */
function pathOf(url: string): string {
  const [target = ''] = url.split('?', 1);
  return target.replace(/^https?:\/\/[^/]*/i, '');
}

/** The router decodes `%61pi`: whoever could tell such a path from one that exists would learn what exists. */
function mayBeApi(path: string): boolean {
  return /^\/(api|v1|mcp)|%/.test(path);
}
