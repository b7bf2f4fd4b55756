/** `GET /api/random`: bytes in four encodings. The hot route: no pipe, no interceptor, and nothing awaited. */
import { Controller, Get, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { bytes as byteSample, wipeAndFree } from '#libs/entropy';
import { GatewaySettings } from '../../settings.js';
import { Dispenser } from './dispenser.js';
import { acceptedEncoding, encode, encodedLength, ENCODINGS, mediaType } from './encoding.js';
import type { Encoding } from './encoding.js';
import { EntropyRoutes } from '../request/entropy-routes.decorator.js';
import { answerHead, isHead } from '../request/head.js';
import { Describe } from '../request/openapi.js';
import { oneOf, wholeNumber } from '../request/parameter.js';
import { Parameters } from '../request/parameters.js';
import { ReceiptedDraws } from './receipted-draws.service.js';
import type { ReceiptWish } from './receipted-draws.service.js';
import { BINARY } from '../request/shapes.js';

@EntropyRoutes()
@Controller('api/random')
export class RandomController {
  /** The largest `bytes` depends on the settings, so docs/document.ts adds these parameters to the operation. */
  readonly parameters: Parameters<{ bytes: number; encoding: Encoding }>;

  constructor(
    { QRNG_MAX_REQUEST_BYTES: max }: GatewaySettings,
    private readonly dispenser: Dispenser,
    private readonly receipted: ReceiptedDraws,
  ) {
    this.parameters = new Parameters({
      bytes: wholeNumber('Number of random bytes.', { min: 1, max, fallback: Math.min(32, max) }),
      encoding: oneOf(
        'How the bytes are written: `hex`, `base64` and `base64url` as text/plain, `binary` as they are, as ' +
          'application/octet-stream. Without this parameter the Accept header decides between `hex` and `binary`.',
        ENCODINGS,
        'hex',
      ),
    });
  }

  @Get()
  @Describe({
    id: 'getRandom',
    summary: 'Random bytes',
    description:
      'Bytes as text, or as they are: send `Accept: application/octet-stream`, or `encoding=binary`. The parameter wins if ' +
      'both are sent.',
    answer: 'The bytes.',
    of: {
      content: {
        'text/plain': {
          schema: { type: 'string' },
          example: '9f1c07d2e4a85b3360b7f81ac95d0e42f7be86013dd4c9a2285e71f60c3ba914',
        },
        'application/octet-stream': { schema: BINARY },
      },
    },
  })
  random(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> | undefined {
    const wish = this.receipted.wish(request);
    const { bytes, encoding: given } = this.parameters.read(request, this.receipted.parameters);
    const chosen = Object.hasOwn(request.query as object, 'encoding');
    const encoding = chosen ? given : acceptedEncoding(request.headers.accept);
    if (isHead(request)) {
      answerHead(reply, mediaType(encoding), encodedLength(bytes, encoding));
      return undefined;
    }
    if (wish !== undefined) return this.#withReceipt(request, reply, wish, { bytes, encoding });
    const taken = this.dispenser.bytes(request, reply, bytes);
    if (!Buffer.isBuffer(taken)) return taken.then((late) => send(reply, late, encoding));
    send(reply, taken, encoding);
    return undefined;
  }

  async #withReceipt(
    request: FastifyRequest,
    reply: FastifyReply,
    wish: ReceiptWish,
    values: { bytes: number; encoding: Encoding },
  ): Promise<void> {
    const { bytes: count, encoding } = values;
    // As the Accept header may have chosen it.
    const asked = encoding === 'hex' ? '' : `&encoding=${encoding}`;
    const body = await this.receipted.draw(request, reply, wish, {
      request: `GET /api/random?bytes=${count}${asked}`,
      sample: () => byteSample({ count }),
      body: (bytes) => Buffer.from(encode(bytes, encoding)),
    });
    void reply.type(mediaType(encoding)).send(body);
  }
}

/** A buffer is freed once the kernel has all of it. */
function send(reply: FastifyReply, bytes: Buffer, encoding: Encoding): void {
  const body = encode(bytes, encoding);
  if (Buffer.isBuffer(body)) reply.raw.once('finish', () => wipeAndFree(body));
  void reply.type(mediaType(encoding)).send(body);
}
