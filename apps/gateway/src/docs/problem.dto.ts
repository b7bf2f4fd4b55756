/** The body of an error answer (RFC 9457), for OpenAPI; problem/problem-body.ts writes it. */
import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { problemUrn } from '../problem/problem-body.js';

@ApiSchema({ name: 'ParameterError' })
export class ParameterErrorDto {
  @ApiProperty({ type: String, description: 'Name of the parameter.' })
  readonly name!: string;

  @ApiProperty({ type: String, description: 'What is wrong with it.' })
  readonly detail!: string;
}

@ApiSchema({ name: 'Problem' })
export class ProblemDto {
  @ApiProperty({
    type: String,
    description: 'The kind of problem; stays the same over releases. New releases may add kinds.',
    examples: [problemUrn('invalid-parameter')],
  })
  readonly type!: string;

  @ApiProperty({ type: String, description: 'The same for all problems of a kind.' })
  readonly title!: string;

  @ApiProperty({ type: 'integer', format: 'int64', minimum: 400, maximum: 599 })
  readonly status!: number;

  @ApiProperty({ type: String, description: 'What was wrong with this request, and what to do.' })
  readonly detail!: string;

  @ApiProperty({ type: String, description: 'Same as X-Request-Id; the log of the gateway has it too.' })
  readonly requestId!: string;

  @ApiPropertyOptional({ type: [ParameterErrorDto], description: 'Each invalid parameter.' })
  readonly errors?: readonly ParameterErrorDto[];
}
