/** `POST /v1/entropy`: what it takes and what it answers. */
import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { IsIn, IsInt, Max, Min, ValidateIf } from '#libs/settings';

/** Bytes of a block, and blocks of an answer, at most; all together QRNG_MAX_REQUEST_BYTES. */
export const MAX_BLOCK_BYTES = 65_536;
export const MAX_BLOCKS = 1024;

/** The only type there is: every byte has passed the health tests of its collector. */
export const ENTROPY_TYPE = 'health-tested';

const WHOLE = { type: 'integer', format: 'int64', minimum: 1 } as const;

function bound(max: number): { message: string } {
  return { message: `must be a whole number from 1 to ${max}` };
}

@ApiSchema({ name: 'BlocksRequest' })
export class BlocksRequestDto {
  @ApiProperty({ ...WHOLE, description: 'Bytes of each block; see `max_block_size` of the capabilities.' })
  @IsInt(bound(MAX_BLOCK_BYTES))
  @Min(1, bound(MAX_BLOCK_BYTES))
  @Max(MAX_BLOCK_BYTES, bound(MAX_BLOCK_BYTES))
  readonly block_size!: number;

  @ApiPropertyOptional({
    ...WHOLE,
    default: 1,
    description: 'Number of blocks; see `max_block_count` of the capabilities.',
  })
  @IsInt(bound(MAX_BLOCKS))
  @Min(1, bound(MAX_BLOCKS))
  @Max(MAX_BLOCKS, bound(MAX_BLOCKS))
  readonly block_count: number = 1;

  @ApiPropertyOptional({
    type: String,
    description: 'One of `entropy_types` of the capabilities; the first of them if absent.',
  })
  @ValidateIf((request: BlocksRequestDto) => request.entropy_type !== undefined)
  @IsIn([ENTROPY_TYPE], { message: `must be "${ENTROPY_TYPE}"` })
  readonly entropy_type?: string;
}

@ApiSchema({ name: 'Blocks' })
export class BlocksDto {
  @ApiProperty({
    type: 'array',
    items: { type: 'string', format: 'byte' },
    description: 'As many blocks as were asked for, each in base64 with padding.',
  })
  readonly entropy!: readonly string[];
}

export const BLOCKS_EXAMPLE: BlocksDto = {
  entropy: ['x1QzYwh5xGdqS2T9IkxVpQ==', '9jvYq3Hn0s1cZzPpF1m8bA=='],
};
