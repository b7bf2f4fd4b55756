/** `POST /v1/entropy` of the QRNG Open API: blocks of bytes, in base64. */
import { Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { bytes as byteSample } from '#libs/entropy';
import { canonicalJson } from '#libs/tlog';
import { Dispenser } from '../api/draw/dispenser.js';
import { EntropyRoutes } from '../api/request/entropy-routes.decorator.js';
import { ReceiptedDraws } from '../api/draw/receipted-draws.service.js';
import { readBody } from '../api/request/request-body.js';
import { GatewaySettings } from '../settings.js';
import { BLOCKS_EXAMPLE, BlocksDto, BlocksRequestDto } from './blocks.dto.js';
import { blocksOf, readBlocksRequest } from './blocks.js';
import { refuseQuery } from './refuse-query.js';

/** The longest request has not a quarter of it. */
const MAX_BODY_BYTES = 1024;
const JSON_TYPE = 'application/json; charset=utf-8';

@EntropyRoutes('QRNG Open API')
@Controller('v1/entropy')
export class BlocksController {
  constructor(
    private readonly settings: GatewaySettings,
    private readonly dispenser: Dispenser,
    private readonly receipted: ReceiptedDraws,
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
    const wish = this.receipted.wish(request);
    if (wish !== undefined) {
      const answer = await this.receipted.draw(request, reply, wish, {
        request: `POST /v1/entropy ${canonicalJson({ block_size, block_count })}`,
        sample: () => byteSample({ count: block_size * block_count }),
        body: (bytes) => Buffer.from(JSON.stringify({ entropy: blocksOf(bytes, block_size) })),
      });
      void reply.type(JSON_TYPE).send(answer);
      return;
    }
    const bytes = await this.dispenser.bytes(request, reply, block_size * block_count);
    const answer: BlocksDto = { entropy: blocksOf(bytes, block_size) };
    bytes.fill(0);
    void reply.type(JSON_TYPE).send(JSON.stringify(answer));
  }
}
