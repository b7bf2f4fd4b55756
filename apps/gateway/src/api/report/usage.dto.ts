/** The answer of `GET /api/usage`. */
import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import type { Scope } from '../../clients/client.js';
import { Count, Text, Time } from '../request/shapes.js';

@ApiSchema({ name: 'Usage' })
export class UsageDto {
  @Text('Name of the API key.')
  readonly client!: string;

  @ApiProperty({ type: [String], description: 'What the key may do: `random`, `status`, `metrics`.' })
  readonly scopes!: readonly Scope[];

  @Count('Requests accepted today, including this one.')
  readonly requests!: number;

  @Count('Bytes of entropy taken today, including answers that did not arrive.')
  readonly bytes!: number;

  @Count.orNull('Bytes allowed a day; null if there is no quota.')
  readonly bytesPerDay!: number | null;

  @Count.orNull('Bytes left today; null if there is no quota.')
  readonly bytesLeft!: number | null;

  @Time('When the next UTC day begins and the counters start again.')
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
