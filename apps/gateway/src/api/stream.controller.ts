/** `GET /api/stream`: up to 16 MiB in chunks, at the pace of client and pool. */
import { Controller, Get, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { EntropyRoutes } from './entropy-routes.decorator.js';
import { answerHead, isHead } from './head.js';
import { Describe } from './openapi.js';
import { wholeNumber } from './parameter.js';
import { Parameters } from './parameters.js';
import { Streams } from './streams.js';

const OCTETS = 'application/octet-stream';

const STREAM = new Parameters<{ bytes: number }>({
  bytes: wholeNumber('How many random bytes.', { min: 1, max: 16_777_216 }),
});

@EntropyRoutes()
@Controller('api/stream')
export class StreamController {
  constructor(private readonly streams: Streams) {}

  @Get()
  @Describe({
    id: 'getStream',
    summary: 'Many random bytes, in chunks',
    description:
      'Waits while the pool fills up. An answer that ends early (the pool ran dry for 30 seconds, or the gateway stops) ' +
      'lacks the last chunk of the chunked coding, which every HTTP client reports as an error.',
    parameters: STREAM,
    content: { [OCTETS]: { schema: { type: 'string', contentMediaType: OCTETS } } },
  })
  async stream(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { bytes } = STREAM.read(request);
    if (isHead(request)) answerHead(reply, OCTETS);
    else void reply.type(OCTETS).send(await this.streams.open(request, reply, bytes));
  }
}
