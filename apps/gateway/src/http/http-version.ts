/** Refuses requests that are neither HTTP/1.0 nor HTTP/1.1: Node takes a line without a version, and one that says HTTP/2.0. */
import type { FastifyRequest } from 'fastify';
import { ApiError } from '../problem/api-error.js';

/** @throws {ApiError} `bad-request`. */
export function refuseOtherVersions({ raw: { httpVersion } }: FastifyRequest): void {
  if (httpVersion === '1.1' || httpVersion === '1.0') return;
  throw new ApiError('bad-request', 'Send HTTP/1.1; a request line without a version is HTTP/0.9.');
}
