/** The answer of `GET /api/quality`. */
import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import type { Statistic, Statistics } from '#libs/entropy';
import { Count, Text } from '../request/shapes.js';

const NUMBER = { type: 'number', format: 'double' } as const;

@ApiSchema({ name: 'Statistic' })
export class StatisticDto implements Statistic {
  @ApiProperty(NUMBER)
  readonly value!: number;

  @ApiProperty({ ...NUMBER, description: 'The average for uniform, independent bytes.' })
  readonly expected!: number;

  @Text('What the value means, in words.')
  readonly verdict!: string;
}

@ApiSchema({ name: 'Statistics' })
export class StatisticsDto implements Statistics {
  @ApiProperty({ description: 'Share of bits that are 1.' })
  readonly ones!: StatisticDto;

  @ApiProperty({ description: 'Chi-square of the 256 byte values, 255 degrees of freedom.' })
  readonly chiSquare!: StatisticDto;

  @ApiProperty({ description: 'Correlation of each byte with the next one.' })
  readonly serialCorrelation!: StatisticDto;

  @ApiProperty({ description: 'Pi, estimated by the share of points within a quarter circle.' })
  readonly monteCarloPi!: StatisticDto;

  @ApiProperty({
    description: 'Min-entropy in bits a byte: a lower bound by the most common value (SP 800-90B, 6.3.1).',
  })
  readonly minEntropy!: StatisticDto;
}

@ApiSchema({ name: 'Quality' })
export class QualityDto {
  @Count('Number of bytes behind the statistics.')
  readonly bytes!: number;

  @ApiProperty({ type: StatisticsDto, nullable: true, description: 'Null until a mebibyte has arrived.' })
  readonly statistics!: StatisticsDto | null;

  @Text('What statistics cannot show.')
  readonly note!: string;
}

export const QUALITY_EXAMPLE: QualityDto = {
  bytes: 1_048_576,
  statistics: {
    ones: { value: 0.5, expected: 0.5, verdict: 'as expected' },
    chiSquare: { value: 242, expected: 255, verdict: 'as expected' },
    serialCorrelation: { value: 0.001, expected: 0, verdict: 'as expected' },
    monteCarloPi: { value: 3.14, expected: 3.14, verdict: 'as expected' },
    minEntropy: { value: 7.88, expected: 7.89, verdict: 'as expected' },
  },
  note: 'Statistics find a broken source. They cannot show that bytes are unpredictable.',
};
