/** The answer to a path, method or content type that no route has: 404, 405 or 415, and under /api 401 without a key. */
import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Gate } from '../gate/gate.service.js';
import { ApiError } from '../problem/api-error.js';
import { pathOf, RouteTable } from './route-table.js';

/** The methods of any route there is. */
const METHODS = ['GET', 'HEAD', 'POST'] as const;

const JSON_TYPE = /^application\/(json|x-www-form-urlencoded)\s*(;\s*charset="?utf-8"?\s*)?$/i;

const NO_TUNNELS = new ApiError('method-not-allowed', 'This gateway is no proxy: it opens no tunnels.', {
  headers: { allow: METHODS.join(', ') },
});

@Injectable()
export class UnknownRoute {
  readonly routes = new RouteTable();

  constructor(private readonly gate: Gate) {}

  /** Refuses the request, before its body is read. @throws {ApiError} always. */
  refuse(request: FastifyRequest, reply: FastifyReply): never {
    if (request.method === 'CONNECT') throw NO_TUNNELS;
    const path = pathOf(request.url);
    if (mayNeedKey(path)) this.gate.admit(request, reply, []);
    const known = this.routes.methodsOf(path);
    const allowed = METHODS.filter((method) => known.has(method));
    if (allowed.length === 0) {
      throw new ApiError('not-found', 'There is nothing at this path; /docs describes the API.');
    }
    throw new ApiError('method-not-allowed', `The methods of this path are ${allowed.join(', ')}.`, {
      headers: { allow: allowed.join(', ') },
    });
  }

  /** @throws {ApiError} before the body is read, where it is neither JSON nor what curl calls a form. */
  checkBody(request: FastifyRequest, reply: FastifyReply): void {
    const { 'content-type': type } = request.headers;
    if (request.method !== 'POST' || type === undefined || JSON_TYPE.test(type)) return;
    this.gate.admit(request, reply, []);
    throw new ApiError('unsupported-media-type', 'Send JSON, as Content-Type: application/json.');
  }
}

/** The router decodes `%61pi`: anyone who could tell such a path from one that exists would learn what exists. */
function mayNeedKey(path: string): boolean {
  return /^\/(api|v1|mcp)|%/.test(path);
}
