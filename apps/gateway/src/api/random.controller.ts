/** `GET /api/random`: bytes in four encodings. */
import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { EntropyService } from '../pool/entropy.service.js';
import { ApiError } from '../problem/api-error.js';
import { GatewaySettings } from '../settings.js';
import { encode, ENCODINGS } from './encoding.js';
import type { Encoding } from './encoding.js';

@ApiTags('entropy')
@ApiBearerAuth()
@Controller('api/random')
export class RandomController {
  constructor(
    private readonly entropy: EntropyService,
    private readonly settings: GatewaySettings,
  ) {}

  @Get()
  @ApiQuery({
    name: 'bytes',
    required: false,
    schema: { type: 'integer', minimum: 1, maximum: 65536, default: 32 },
  })
  @ApiQuery({
    name: 'encoding',
    required: false,
    schema: { type: 'string', enum: [...ENCODINGS], default: 'hex' },
  })
  async random(
    @Query() query: Record<string, unknown>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string | Buffer> {
    const bytes = this.#bytes(query['bytes'] ?? '32');
    const encoding = ENCODINGS.find((known) => known === (query['encoding'] ?? 'hex'));
    if (encoding === undefined) throw invalid('encoding', `must be one of ${ENCODINGS.join(', ')}`);
    void reply.type(contentType(encoding));
    return encode(await this.entropy.take(bytes, request.client?.name ?? ''), encoding);
  }

  #bytes(text: unknown): number {
    const max = this.settings.QRNG_MAX_REQUEST_BYTES;
    const bytes = typeof text === 'string' && /^[1-9][0-9]{0,5}$/.test(text) ? Number(text) : 0;
    if (bytes < 1 || bytes > max) throw invalid('bytes', `must be a whole number from 1 to ${max}`);
    return bytes;
  }
}

function contentType(encoding: Encoding): string {
  return encoding === 'binary' ? 'application/octet-stream' : 'text/plain; charset=utf-8';
}

function invalid(name: string, detail: string): ApiError {
  return new ApiError('invalid-parameter', `${name} ${detail}`, { errors: [{ name, detail }] });
}
