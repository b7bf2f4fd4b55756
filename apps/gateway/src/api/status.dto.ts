/** The answer of `GET /api/status`. */
import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import type { SourceTelemetry } from '#libs/crypto';
import { AMOUNT, COUNT, TIME } from './shapes.js';

@ApiSchema({ name: 'PoolStatus' })
export class PoolStatusDto {
  @ApiProperty({ ...COUNT, description: 'Bytes of entropy that can be served now.' })
  readonly bytes!: number;

  @ApiProperty({ ...COUNT, description: 'Bytes of entropy that fit.' })
  readonly capacity!: number;

  @ApiProperty({ ...AMOUNT, description: 'Age of the oldest byte in seconds; 0 if the pool is empty.' })
  readonly oldestAgeSeconds!: number;

  @ApiProperty({ type: Boolean, description: 'Filled to 5 % or more, and packets are accepted.' })
  readonly ready!: boolean;

  @ApiProperty({
    ...COUNT,
    nullable: true,
    description:
      'Seconds until the pool is empty at the rates of the last minute; null if it does not shrink.',
  })
  readonly secondsUntilEmpty!: number | null;
}

@ApiSchema({ name: 'FeedStatus' })
export class FeedStatusDto {
  @ApiProperty({ type: Boolean, description: 'Entropy arrived within the last 30 seconds.' })
  readonly fed!: boolean;

  @ApiProperty({ ...AMOUNT, nullable: true, description: 'Null if none has arrived since the start.' })
  readonly secondsSinceLastEntropy!: number | null;
}

@ApiSchema({ name: 'Throughput' })
export class ThroughputDto {
  @ApiProperty({ ...COUNT, description: 'Bytes received a second, average of the last minute.' })
  readonly inBytesPerSecond!: number;

  @ApiProperty({ ...COUNT, description: 'Bytes served a second, average of the last minute.' })
  readonly outBytesPerSecond!: number;
}

@ApiSchema({ name: 'SourceStatus' })
export class SourceStatusDto implements SourceTelemetry {
  @ApiProperty({ type: String, description: 'Host or device.' })
  readonly name!: string;

  @ApiProperty({ type: Boolean, description: 'Its bytes are in use.' })
  readonly up!: boolean;

  @ApiProperty({
    type: String,
    description: 'Such as `up`, `starting`, `failing`, `intermittent`, `persistent`.',
  })
  readonly state!: string;

  @ApiProperty({ ...COUNT, description: 'Bytes fetched since the collector started.' })
  readonly bytes!: number;

  @ApiProperty({
    type: 'object',
    additionalProperties: COUNT,
    description: 'Number of failures of each health test.',
  })
  readonly healthFailures!: Readonly<Record<string, number>>;

  @ApiPropertyOptional({
    ...COUNT,
    description: 'Number of times that its health tests put it out of use since the collector started.',
  })
  readonly quarantines?: number;

  @ApiPropertyOptional({ type: String, description: 'Code of the latest fault.' })
  readonly lastError?: string;
}

@ApiSchema({ name: 'CollectorStatus' })
export class CollectorStatusDto {
  @ApiProperty({ type: String })
  readonly name!: string;

  @ApiProperty({ ...TIME, nullable: true, description: 'When it started, by its own clock.' })
  readonly runningSince!: string | null;

  @ApiProperty(TIME)
  readonly lastPacketAt!: string;

  @ApiProperty({ type: 'number', format: 'double' })
  readonly secondsSinceLastPacket!: number;

  @ApiProperty({ ...COUNT, description: 'Packets accepted since this gateway started.' })
  readonly packets!: number;

  @ApiProperty({ ...COUNT, description: 'Bytes of entropy in them.' })
  readonly bytes!: number;

  @ApiProperty({
    type: String,
    description: 'Number of packets missing from the sequence; a string, as it may exceed 2^53.',
  })
  readonly missingPackets!: string;

  @ApiProperty({
    type: String,
    nullable: true,
    description:
      'Version of the collector, from its last heartbeat like everything below; null before the first.',
  })
  readonly version!: string | null;

  @ApiProperty({ ...COUNT, nullable: true, description: 'Bytes waiting in the collector.' })
  readonly bufferBytes!: number | null;

  @ApiProperty({ ...COUNT, nullable: true, description: 'Bytes that fit into its buffer.' })
  readonly bufferCapacity!: number | null;

  @ApiProperty({ type: [SourceStatusDto] })
  readonly sources!: readonly SourceStatusDto[];
}

@ApiSchema({ name: 'Status' })
export class StatusDto {
  @ApiProperty({ type: [String], description: 'What is wrong, in words, worst first.' })
  readonly warnings!: readonly string[];

  @ApiProperty({ description: 'The version of this gateway.' })
  readonly version!: string;

  @ApiProperty({ ...TIME, description: 'When this gateway started.' })
  readonly startedAt!: string;

  @ApiProperty()
  readonly pool!: PoolStatusDto;

  @ApiProperty()
  readonly feed!: FeedStatusDto;

  @ApiProperty()
  readonly throughput!: ThroughputDto;

  @ApiProperty({ type: [CollectorStatusDto] })
  readonly collectors!: readonly CollectorStatusDto[];
}

export const STATUS_EXAMPLE: StatusDto = {
  warnings: ['Collector lab-1 does not use its source 10.0.0.5 (failing, timeout).'],
  version: '1.0.0',
  startedAt: '2026-12-01T08:00:00.000Z',
  pool: {
    bytes: 9_437_184,
    capacity: 10_485_760,
    oldestAgeSeconds: 118.2,
    ready: true,
    secondsUntilEmpty: null,
  },
  feed: { fed: true, secondsSinceLastEntropy: 0.31 },
  throughput: { inBytesPerSecond: 80_000, outBytesPerSecond: 2100 },
  collectors: [
    {
      name: 'lab-1',
      runningSince: '2026-12-01T07:59:12.345Z',
      lastPacketAt: '2026-12-01T08:12:30.120Z',
      secondsSinceLastPacket: 0.31,
      packets: 1520,
      bytes: 60_123_136,
      missingPackets: '0',
      version: '1.0.0',
      bufferBytes: 8192,
      bufferCapacity: 1_048_576,
      sources: [
        {
          name: '10.0.0.5',
          up: false,
          state: 'failing',
          bytes: 60_200_000,
          healthFailures: { repetition: 0 },
          lastError: 'timeout',
        },
      ],
    },
  ],
};
