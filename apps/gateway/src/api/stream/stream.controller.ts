/** `GET /api/stream`: up to 16 MiB in chunks, at the pace of client and pool. */
import { Controller, Get, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { demandChunks } from '../request/chunks.js';
import { EntropyRoutes } from '../request/entropy-routes.decorator.js';
import { answerHead, isHead } from '../request/head.js';
import { Describe } from '../request/openapi.js';
import { wholeNumber } from '../request/parameter.js';
import { Parameters } from '../request/parameters.js';
import { BINARY } from '../request/shapes.js';
import { Streams } from './streams.js';

const OCTETS = 'application/octet-stream';

const STREAM = new Parameters<{ bytes: number }>({
  bytes: wholeNumber('Number of random bytes.', { min: 1, max: 16_777_216 }),
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
      'Waits while the pool fills. If the pool stays empty for 30 seconds, or the gateway stops, the answer ends early ' +
      'without the last chunk of the chunked coding, and HTTP clients report an error.',
    parameters: STREAM,
    answer: 'The bytes, chunked.',
    of: { content: { [OCTETS]: { schema: BINARY } } },
  })
  async stream(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { bytes } = STREAM.read(request);
    demandChunks(request);
    if (isHead(request)) answerHead(reply, OCTETS);
    else void reply.type(OCTETS).send(await this.streams.open(request, reply, bytes));
  }
}
