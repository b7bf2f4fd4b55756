/** `GET /api/receipts/INDEX`: the receipt of a draw of this API key, as a file that anybody can verify offline. */
import { Controller, Get, Header, Inject, Param, Req } from '@nestjs/common';
import { ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Scopes } from '../../gate/scopes.decorator.js';
import { ApiError } from '../../problem/api-error.js';
import { RECEIPTS } from '../../receipts/token.js';
import type { ReceiptKeeper } from '../../receipts/token.js';
import { Describe } from '../request/openapi.js';
import { NONE } from '../request/parameters.js';

/** Only its form is right. */
const RECEIPT_EXAMPLE = `c2sp.org/tlog-proof@v1
extra eyJlbnRyeSI6IntcImFuc3dlclwiOiAuLi4gfSJ9
index 1
h9Zk3bDdzCIUcPZpjTcBPSC3eS1mhCH3oVGn9pwBKzo=

gateway.example.com/receipts
2
Xk8d2rXnQmAPd0vnOQmTkV5FvyS1AQ1yTz8yCw0e0bM=

— gateway.example.com/receipts mB0xUhH0cWbW0oOMVvA6zSwe3cKSb8aO8m9y8C0e6g0c9yVQ==
`;

@ApiTags('receipts')
@Scopes('random')
@Controller('api/receipts')
export class ReceiptController {
  constructor(@Inject(RECEIPTS) private readonly receipts: ReceiptKeeper) {}

  @Get(':index')
  @ApiParam({
    name: 'index',
    description: 'The number in the QRNG-Receipt field of an answer.',
    schema: { type: 'integer', format: 'int64', minimum: 0 },
  })
  @Describe({
    id: 'getReceipt',
    summary: 'The receipt of a draw',
    description:
      'A file of the form c2sp.org/tlog-proof@v1, two seconds after the draw at the latest. `qrng verify FILE` checks it ' +
      'offline. Only the API key that drew gets it.',
    answer: 'The receipt.',
    of: { content: { 'text/plain': { schema: { type: 'string' }, example: RECEIPT_EXAMPLE } } },
  })
  @Header('content-type', 'text/plain; charset=utf-8')
  receipt(@Req() request: FastifyRequest, @Param('index') index: string): Promise<string> {
    NONE.read(request);
    if (!/^(0|[1-9]\d{0,14})$/.test(index) || request.client === undefined) {
      throw new ApiError(
        'not-found',
        'A receipt has a number, as the QRNG-Receipt field of an answer gives it.',
      );
    }
    return this.receipts.receipt(Number(index), request.client.name);
  }
}
