/** What all routes that hand out entropy have in common. */
import { applyDecorators, UseGuards } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Scopes } from '../../gate/scopes.decorator.js';
import { WholeAnswerGuard } from './whole-answer.guard.js';

/** The tag in OpenAPI, the scope of the key, and no part of an answer. */
export function EntropyRoutes(tag = 'entropy'): ClassDecorator {
  return applyDecorators(ApiTags(tag), Scopes('random'), UseGuards(WholeAnswerGuard));
}
