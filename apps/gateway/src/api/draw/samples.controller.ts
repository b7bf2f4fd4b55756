/** The routes that draw numbers, strings, UUIDs and permutations from entropy, all of them exactly uniform. */
import { Controller, Get, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Clock } from '../../clock.js';
import { Dispenser } from './dispenser.js';
import { EntropyRoutes } from '../request/entropy-routes.decorator.js';
import { answerHead, isHead } from '../request/head.js';
import { Describe, listOf } from '../request/openapi.js';
import { canonicalRequest, ReceiptedDraws } from './receipted-draws.service.js';
import { FLOATS, GAUSSIANS, INTEGERS, PERMUTATION, STRINGS, UUIDS } from './draws.js';
import type { Draw } from './draws.js';

const JSON_TYPE = 'application/json; charset=utf-8';

@EntropyRoutes()
@Controller('api')
export class SamplesController {
  constructor(
    private readonly dispenser: Dispenser,
    private readonly clock: Clock,
    private readonly receipted: ReceiptedDraws,
  ) {}

  @Get('integers')
  @Describe({
    id: 'getIntegers',
    summary: 'Whole numbers',
    description:
      'Uniform over the range, by rejection sampling. With `unique` no number appears twice, as in a lottery.',
    parameters: INTEGERS.parameters,
    answer: 'The numbers.',
    of: listOf({ type: 'integer', format: 'int64' }, { max: 1000, example: [4, 1, 6] }),
  })
  integers(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.#answer(request, reply, INTEGERS);
  }

  @Get('floats')
  @Describe({
    id: 'getFloats',
    summary: 'Numbers in [0, 1)',
    description: 'Multiples of 2^-53, all equally likely; 0 is possible, 1 is not.',
    parameters: FLOATS.parameters,
    answer: 'The numbers.',
    of: listOf(
      { type: 'number', format: 'double', minimum: 0, exclusiveMaximum: 1 },
      { max: 1000, example: [0.5347260952942743] },
    ),
  })
  floats(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.#answer(request, reply, FLOATS);
  }

  @Get('gaussians')
  @Describe({
    id: 'getGaussians',
    summary: 'Normally distributed numbers',
    description: 'Drawn by the polar method, which is exact in the tails, unlike a sum of uniform numbers.',
    parameters: GAUSSIANS.parameters,
    answer: 'The numbers.',
    of: listOf({ type: 'number', format: 'double' }, { max: 1000, example: [-0.4216208843098771] }),
  })
  gaussians(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.#answer(request, reply, GAUSSIANS);
  }

  @Get('strings')
  @Describe({
    id: 'getStrings',
    summary: 'Strings',
    description: 'Each character is uniform over the alphabet: for passwords, codes, identifiers.',
    parameters: STRINGS.parameters,
    answer: 'The strings.',
    of: listOf({ type: 'string' }, { max: 100, example: ['pX4mTz0kQ9'] }),
  })
  strings(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.#answer(request, reply, STRINGS);
  }

  @Get('uuid')
  @Describe({
    id: 'getUuids',
    summary: 'UUIDs',
    description: 'Version 4 (122 random bits) or 7 (the time, then 74 random bits) of RFC 9562.',
    parameters: UUIDS.parameters,
    answer: 'The UUIDs.',
    of: listOf(
      { type: 'string', format: 'uuid' },
      { max: 100, example: ['7d8e1f0a-3c52-4b96-9a07-e1c4d85f2b63'] },
    ),
  })
  uuids(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.#answer(request, reply, UUIDS);
  }

  @Get('permutation')
  @Describe({
    id: 'getPermutation',
    summary: 'A random permutation',
    description: 'The numbers from 0 to n - 1 in random order; every order is equally likely.',
    parameters: PERMUTATION.parameters,
    answer: 'The permutation.',
    of: listOf({ type: 'integer', format: 'int64', minimum: 0 }, { max: 10_000, example: [3, 0, 4, 1, 2] }),
  })
  permutation(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.#answer(request, reply, PERMUTATION);
  }

  async #answer<T extends object>(
    request: FastifyRequest,
    reply: FastifyReply,
    { parameters, sample: sampleOf }: Draw<T, unknown>,
  ): Promise<void> {
    const wish = this.receipted.wish(request);
    const values = parameters.read(request, this.receipted.parameters);
    const sample = sampleOf(values, this.clock.now());
    if (isHead(request)) answerHead(reply, JSON_TYPE);
    else if (wish === undefined) {
      const drawn = await this.dispenser.sample(request, reply, sample);
      void reply.type(JSON_TYPE).send(JSON.stringify(drawn));
    } else {
      const body = await this.receipted.draw(request, reply, wish, {
        request: canonicalRequest(request, values),
        sample: (now) => sampleOf(values, now),
        body: (drawn) => Buffer.from(JSON.stringify(drawn)),
      });
      void reply.type(JSON_TYPE).send(body);
    }
  }
}
