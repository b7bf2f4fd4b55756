/** Admits a client whose key has a scope that the route demands. */
import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { ApiError } from '../problem/api-error.js';
import type { Scope } from '../clients/client.js';
import { RouteMetadata } from './route-metadata.js';
import { REQUIRED_SCOPES } from './scopes.decorator.js';

@Injectable()
export class ScopeGuard implements CanActivate {
  readonly #required: RouteMetadata<Scope[]>;

  constructor(reflector: Reflector) {
    this.#required = new RouteMetadata(reflector, REQUIRED_SCOPES);
  }

  canActivate(context: ExecutionContext): boolean {
    const required = this.#required.of(context);
    if (required !== undefined) demandScope(context.getArgByIndex<FastifyRequest>(0), required);
    return true;
  }
}

/**
 * Refuses a request whose client has none of the scopes.
 *
 * @throws {ApiError} `insufficient-scope` (RFC 6750, section 3.1).
 */
export function demandScope({ client }: FastifyRequest, scopes: readonly Scope[]): void {
  if (client !== undefined && scopes.some((scope) => client.scopes.includes(scope))) return;
  const needed = scopes.join(' or ');
  throw new ApiError(
    'insufficient-scope',
    `This API key lacks the scope ${needed}; ask the operator for it.`,
    {
      headers: { 'www-authenticate': `Bearer error="insufficient_scope", scope="${scopes.join(' ')}"` },
    },
  );
}
