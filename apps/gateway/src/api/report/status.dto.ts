/** The answer of `GET /api/status`. */
import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import type { MixingTelemetry, SourceTelemetry } from '#libs/crypto';
import { Amount, Count, Counts, Flag, Text, Time, TIME } from '../request/shapes.js';

@ApiSchema({ name: 'PoolStatus' })
export class PoolStatusDto {
  @Count('Bytes of entropy that can be served now.')
  readonly bytes!: number;

  @Count('Bytes of entropy that fit.')
  readonly capacity!: number;

  @Amount('Age of the oldest byte in seconds; 0 if the pool is empty.')
  readonly oldestAgeSeconds!: number;

  @Flag('Filled to 5 % or more, and packets are accepted.')
  readonly ready!: boolean;

  @Count.orNull(
    'Seconds until the pool is empty at the rates of the last minute; null if it does not shrink.',
  )
  readonly secondsUntilEmpty!: number | null;
}

@ApiSchema({ name: 'FeedStatus' })
export class FeedStatusDto {
  @Flag('Entropy arrived within the last 30 seconds.')
  readonly fed!: boolean;

  @Amount.orNull('Null if none has arrived since the start.')
  readonly secondsSinceLastEntropy!: number | null;
}

@ApiSchema({ name: 'Throughput' })
export class ThroughputDto {
  @Count(
    'Bytes that came into the pool a second, average of the last minute; of a shared pool at all of its gateways.',
  )
  readonly inBytesPerSecond!: number;

  @Count(
    'Bytes that the pool gave out a second, average of the last minute; of a shared pool at all of its gateways.',
  )
  readonly outBytesPerSecond!: number;
}

@ApiSchema({ name: 'Totals' })
export class TotalsDto {
  @Count('Bytes that came into the pool since this gateway started.')
  readonly receivedBytes!: number;

  @Count('Bytes that the pool gave out since this gateway started.')
  readonly servedBytes!: number;
}

@ApiSchema({ name: 'SourceStatus' })
export class SourceStatusDto implements Omit<SourceTelemetry, 'certificateExpiresAt'> {
  @Text('Host or device.')
  readonly name!: string;

  @Flag('Its bytes are in use.')
  readonly up!: boolean;

  @Text('Such as `up`, `starting`, `failing`, `intermittent`, `persistent`.')
  readonly state!: string;

  @Count('Bytes fetched since the collector started.')
  readonly bytes!: number;

  @Counts('Number of failures of each health test.')
  readonly healthFailures!: Readonly<Record<string, number>>;

  @Count.optional('Number of times that its health tests put it out of use since the collector started.')
  readonly quarantines?: number;

  @Text.optional('Code of the latest fault.')
  readonly lastError?: string;

  @Time.optional('When the certificate that it last showed expires; absent where its dates do not count.')
  readonly certificateExpiresAt?: string;
}

@ApiSchema({ name: 'MixingStatus' })
export class MixingStatusDto implements MixingTelemetry {
  @Flag('Enough sources are up, and their mixture passes its tests.')
  readonly up!: boolean;

  @Text('As of a source: `starting`, `up`, `intermittent`, `persistent`.')
  readonly state!: string;

  @Count('Sources that are in use.')
  readonly sourcesUp!: number;

  @Count('Sources that must be (QRNG_MIXING_MIN_SOURCES).')
  readonly minimum!: number;

  @Count('Number of times that health tests stopped the mixing.')
  readonly quarantines!: number;

  @Counts('Number of failures of each health test.')
  readonly healthFailures!: Readonly<Record<string, number>>;
}

@ApiSchema({ name: 'CollectorStatus' })
export class CollectorStatusDto {
  @ApiProperty({ type: String })
  readonly name!: string;

  @Time.orNull('When it started, by its own clock.')
  readonly runningSince!: string | null;

  @ApiProperty(TIME)
  readonly lastPacketAt!: string;

  @ApiProperty({ type: 'number', format: 'double' })
  readonly secondsSinceLastPacket!: number;

  @Count('Packets accepted since this gateway started.')
  readonly packets!: number;

  @Count('Bytes of entropy in them.')
  readonly bytes!: number;

  @Text('Number of packets missing from the sequence; a string, as it may exceed 2^53.')
  readonly missingPackets!: string;

  @Text.orNull(
    'Version of the collector, from its last heartbeat like everything below; null before the first.',
  )
  readonly version!: string | null;

  @Count.orNull('Bytes waiting in the collector.')
  readonly bufferBytes!: number | null;

  @Count.orNull('Bytes that fit into its buffer.')
  readonly bufferCapacity!: number | null;

  @Count.orNull('Bytes that it delivered since it started, by its own count.')
  readonly deliveredBytes!: number | null;

  @Counts('Bytes that it fetched and dropped since it started, by reason.')
  readonly droppedBytes!: Readonly<Record<string, number>>;

  @Count.orNull('Number of times that its clock went back or leapt.')
  readonly clockSteps!: number | null;

  @Count.orNull('Lines of its log that were dropped because nothing read them.')
  readonly logLinesLost!: number | null;

  @Time.orNull('When its client certificate expires; null without one.')
  readonly pushCertificateExpiresAt!: string | null;

  @ApiProperty({
    type: MixingStatusDto,
    nullable: true,
    description: 'What becomes of its sources together; null where nothing is mixed.',
  })
  readonly mixing!: MixingStatusDto | null;

  @ApiProperty({ type: [SourceStatusDto] })
  readonly sources!: readonly SourceStatusDto[];
}

@ApiSchema({ name: 'Status' })
export class StatusDto {
  @ApiProperty({ type: [String], description: 'What is wrong, in words, worst first.' })
  readonly warnings!: readonly string[];

  @ApiProperty({ description: 'The version of this gateway.' })
  readonly version!: string;

  @Time('When this gateway started.')
  readonly startedAt!: string;

  @ApiProperty()
  readonly pool!: PoolStatusDto;

  @ApiProperty()
  readonly feed!: FeedStatusDto;

  @ApiProperty()
  readonly throughput!: ThroughputDto;

  @ApiProperty()
  readonly totals!: TotalsDto;

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
  totals: { receivedBytes: 60_123_136, servedBytes: 50_685_952 },
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
      deliveredBytes: 60_123_136,
      droppedBytes: { start_up: 8192 },
      clockSteps: 0,
      logLinesLost: 0,
      pushCertificateExpiresAt: '2027-02-28T12:00:00.000Z',
      mixing: null,
      sources: [
        {
          name: '10.0.0.5',
          up: false,
          state: 'failing',
          bytes: 60_200_000,
          healthFailures: { rct: 0 },
          quarantines: 0,
          lastError: 'timeout',
          certificateExpiresAt: '2028-01-01T00:00:00.000Z',
        },
      ],
    },
  ],
};
