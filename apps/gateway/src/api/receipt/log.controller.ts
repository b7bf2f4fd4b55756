/** The receipt log as anybody can read it, in C2SP's formats (c2sp.org/tlog-tiles): checkpoint, tiles, public key. */
import { Controller, Get, Header, Inject, Req } from '@nestjs/common';
import { ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Public } from '../../gate/public.decorator.js';
import { ApiError } from '../../problem/api-error.js';
import { RECEIPTS } from '../../receipts/token.js';
import type { ReceiptKeeper } from '../../receipts/token.js';
import { Describe } from '../request/openapi.js';
import { BINARY } from '../request/shapes.js';

/** In front of the paths that the formats fix. */
const PREFIX = /^\/log\//;
const TEXT = 'text/plain; charset=utf-8';

function text(example: string): { content: Record<string, { schema: object; example: string }> } {
  return { content: { 'text/plain': { schema: { type: 'string' }, example } } };
}

@ApiTags('receipts')
@Public()
@Controller('log')
export class LogController {
  constructor(@Inject(RECEIPTS) private readonly receipts: ReceiptKeeper) {}

  @Get('checkpoint')
  @Describe({
    id: 'getCheckpoint',
    summary: 'The latest signed state of the receipt log',
    description: 'A signed note (c2sp.org/tlog-checkpoint): origin, number of entries, root hash.',
    answer: 'The checkpoint.',
    of: text('gateway.example.com/receipts\n2\nXk8d2rXnQmAPd0vnOQmTkV5FvyS1AQ1yTz8yCw0e0bM=\n\n— ...\n'),
  })
  @Header('content-type', TEXT)
  checkpoint(): Promise<string | Buffer> {
    return this.#file('checkpoint');
  }

  @Get('public-key')
  @Describe({
    id: 'getLogKey',
    summary: 'The public key of the receipt log',
    description:
      'For verifiers to pin, once they have it from somewhere they trust: this route can say anything.',
    answer: 'NAME+KEYID+KEY (c2sp.org/signed-note).',
    of: text('gateway.example.com/receipts+0a1b2c3d+AZ...\n'),
  })
  @Header('content-type', TEXT)
  publicKey(): Promise<string | Buffer> {
    return this.#file('public-key');
  }

  @Get('cut')
  @Describe({
    id: 'getCut',
    summary: 'What retention removed from the receipt log',
    description: 'A signed note: the first entry that is still there, and when those before it were removed.',
    answer: 'The note.',
    of: text(
      'qrng-dd receipts cut v1\ngateway.example.com/receipts\n256\n2026-11-27T12:00:00.000Z\n\n— ...\n',
    ),
  })
  @Header('content-type', TEXT)
  cut(): Promise<string | Buffer> {
    return this.#file('cut', 'Nothing was removed from this log.');
  }

  @Get('tile/*')
  @ApiParam({
    name: 'path',
    description:
      'L/N or L/N.p/W of hashes, entries/N or entries/N.p/W of entries, N in groups of three digits.',
    schema: { type: 'string' },
    example: '0/000.p/2',
  })
  @Describe({
    id: 'getTile',
    summary: 'A tile of the receipt log',
    description: 'Hashes or entries (c2sp.org/tlog-tiles), as far as the latest checkpoint covers them.',
    answer: 'The tile.',
    of: { content: { 'application/octet-stream': { schema: BINARY } } },
  })
  @Header('content-type', 'application/octet-stream')
  tile(@Req() { url }: FastifyRequest): Promise<string | Buffer> {
    // Clients that OpenAPI generators and Swagger UI make encode the slashes of a parameter.
    return this.#file(
      url.replace(PREFIX, '').replaceAll(/%2f/gi, '/'),
      'This log has no such tile, or not yet.',
    );
  }

  async #file(path: string, otherwise = 'This log has no such file.'): Promise<string | Buffer> {
    const file = await this.receipts.file(path);
    if (file === undefined) throw new ApiError('not-found', otherwise);
    return file;
  }
}
