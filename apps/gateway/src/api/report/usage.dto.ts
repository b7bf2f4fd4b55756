/** The answer of `GET /api/usage`. */
import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import type { Scope } from '../../clients/client.js';
import { COUNT, TIME } from '../request/shapes.js';

@ApiSchema({ name: 'Usage' })
export class UsageDto {
  @ApiProperty({ type: String, description: 'Name of the API key.' })
  readonly client!: string;

  @ApiProperty({ type: [String], description: 'What the key may do: `random`, `status`, `metrics`.' })
  readonly scopes!: readonly Scope[];

  @ApiProperty({ ...COUNT, description: 'Requests accepted today, including this one.' })
  readonly requests!: number;

  @ApiProperty({
    ...COUNT,
    description: 'Bytes of entropy taken today, including answers that did not arrive.',
  })
  readonly bytes!: number;

  @ApiProperty({ ...COUNT, nullable: true, description: 'Bytes allowed a day; null if there is no quota.' })
  readonly bytesPerDay!: number | null;

  @ApiProperty({ ...COUNT, nullable: true, description: 'Bytes left today; null if there is no quota.' })
  readonly bytesLeft!: number | null;

  @ApiProperty({ ...TIME, description: 'When the next UTC day begins and the counters start again.' })
  readonly resetsAt!: string;
}

export const USAGE_EXAMPLE: UsageDto = {
  client: 'lottery',
  scopes: ['random', 'status'],
  requests: 42,
  bytes: 1344,
  bytesPerDay: 104_857_600,
  bytesLeft: 104_856_256,
  resetsAt: '2026-12-02T00:00:00.000Z',
};
