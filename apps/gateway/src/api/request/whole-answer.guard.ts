/**
 * Refuses what asks for a part of an answer, or for one that depends on an earlier answer: random bytes are never the
 * same twice, so a range or a condition cannot mean anything, and entropy would be spent on a misunderstanding.
 */
import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { ApiError } from '../../problem/api-error.js';

/** RFC 9110, section 13.1; If-Range only ever goes with Range. */
const CONDITIONS = ['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since'] as const;

@Injectable()
export class WholeAnswerGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.getArgByIndex<FastifyRequest>(0);
    if (headers.range !== undefined || headers['if-range'] !== undefined) {
      throw new ApiError('range-not-satisfiable', 'Ask for as many bytes as you need, without Range.');
    }
    for (const condition of CONDITIONS) {
      if (headers[condition] === undefined) continue;
      throw new ApiError('precondition-failed', `Ask without ${condition}: no answer is ever given twice.`);
    }
    return true;
  }
}
