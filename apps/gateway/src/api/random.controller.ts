/** `GET /api/random`: bytes in four encodings. The hot route: no pipe, no interceptor, and nothing awaited. */
import { Controller, Get, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { wipeAndFree } from '#libs/entropy';
import { GatewaySettings } from '../settings.js';
import { Dispenser } from './dispenser.js';
import { encode, encodedLength, ENCODINGS, mediaType } from './encoding.js';
import type { Encoding } from './encoding.js';
import { EntropyRoutes } from './entropy-routes.decorator.js';
import { answerHead, isHead } from './head.js';
import { Describe } from './openapi.js';
import { oneOf, wholeNumber } from './parameter.js';
import { Parameters } from './parameters.js';

/** The most bytes that QRNG_MAX_REQUEST_BYTES can allow. */
const LARGEST = 65_536;

/** @param max QRNG_MAX_REQUEST_BYTES. */
function parameters(max: number): Parameters<{ bytes: number; encoding: Encoding }> {
  return new Parameters({
    bytes: wholeNumber('How many random bytes.', { min: 1, max, fallback: Math.min(32, max) }),
    encoding: oneOf(
      'How they are written; `binary` is the bytes themselves, the others are text.',
      ENCODINGS,
      'hex',
    ),
  });
}

@EntropyRoutes()
@Controller('api/random')
export class RandomController {
  readonly #parameters: Parameters<{ bytes: number; encoding: Encoding }>;

  constructor(
    settings: GatewaySettings,
    private readonly dispenser: Dispenser,
  ) {
    this.#parameters = parameters(settings.QRNG_MAX_REQUEST_BYTES);
  }

  @Get()
  @Describe({
    id: 'getRandom',
    summary: 'Random bytes',
    description: 'Bytes as hex, base64, base64url, or as they are.',
    parameters: parameters(LARGEST),
    content: {
      'text/plain': {
        schema: { type: 'string' },
        example: '9f1c07d2e4a85b3360b7f81ac95d0e42f7be86013dd4c9a2285e71f60c3ba914',
      },
      'application/octet-stream': {
        schema: { type: 'string', contentMediaType: 'application/octet-stream' },
      },
    },
  })
  random(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> | undefined {
    const { bytes, encoding } = this.#parameters.read(request);
    if (isHead(request)) {
      answerHead(reply, mediaType(encoding), encodedLength(bytes, encoding));
      return undefined;
    }
    const taken = this.dispenser.bytes(request, reply, bytes);
    if (!Buffer.isBuffer(taken)) return taken.then((late) => send(reply, late, encoding));
    send(reply, taken, encoding);
    return undefined;
  }
}

/** With the length told, since Fastify would count the bytes of the text. A buffer is freed once the kernel has all of it. */
function send(reply: FastifyReply, bytes: Buffer, encoding: Encoding): void {
  const length = encodedLength(bytes.length, encoding);
  const body = encode(bytes, encoding);
  if (Buffer.isBuffer(body)) reply.raw.once('finish', () => wipeAndFree(body));
  void reply.type(mediaType(encoding)).header('content-length', length).send(body);
}
