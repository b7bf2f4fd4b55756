/** `POST /v1/entropy` of the QRNG Open API: blocks of bytes, in base64. */
import { Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Dispenser } from '../api/dispenser.js';
import { EntropyRoutes } from '../api/entropy-routes.decorator.js';
import { readBody } from '../api/request-body.js';
import { GatewaySettings } from '../settings.js';
import { BLOCKS_EXAMPLE, BlocksDto, BlocksRequestDto } from './blocks.dto.js';
import { blocksOf, readBlocksRequest } from './blocks.js';
import { refuseQuery } from './refuse-query.js';

/** The longest request has not a quarter of it. */
const MAX_BODY_BYTES = 1024;

@EntropyRoutes('QRNG Open API')
@Controller('v1/entropy')
export class BlocksController {
  constructor(
    private readonly settings: GatewaySettings,
    private readonly dispenser: Dispenser,
  ) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({
    operationId: 'postEntropy',
    summary: 'Blocks of random bytes',
    description:
      'Gives `block_count` blocks of `block_size` bytes, within the bounds of the capabilities. Unknown members of the ' +
      'request are ignored.',
  })
  @ApiBody({ type: BlocksRequestDto, examples: { key: { value: { block_size: 32, block_count: 2 } } } })
  @ApiOkResponse({ description: 'The blocks.', type: BlocksDto, example: BLOCKS_EXAMPLE })
  async entropy(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    refuseQuery(request);
    const body = await readBody(request, MAX_BODY_BYTES);
    const { block_size, block_count } = readBlocksRequest(body, this.settings.QRNG_MAX_REQUEST_BYTES);
    const bytes = await this.dispenser.bytes(request, reply, block_size * block_count);
    const answer: BlocksDto = { entropy: blocksOf(bytes, block_size) };
    bytes.fill(0);
    void reply.type('application/json; charset=utf-8').send(JSON.stringify(answer));
  }
}
