/** The tools that draw: bytes, numbers, strings, UUIDs, permutations, choices, dice. */
import { Injectable } from '@nestjs/common';
import type { Sample } from '#libs/entropy';
import { Dispenser } from '../api/draw/dispenser.js';
import { oneOf, wholeNumber } from '../api/request/parameter.js';
import { Parameters } from '../api/request/parameters.js';
import { FLOATS, GAUSSIANS, INTEGERS, PERMUTATION, STRINGS, UUIDS } from '../api/draw/draws.js';
import type { Draw } from '../api/draw/draws.js';
import { Clock } from '../clock.js';
import { GatewaySettings } from '../settings.js';
import { choice, CHOICE_SCHEMA } from './choice.js';
import { diceThrow } from './dice.js';
import { inputSchema, outputSchema, schemaOf } from './tool.js';
import type { Exchange, Tool } from './tool.js';

const INTEGER = { type: 'integer' };
const NUMBER = { type: 'number' };
const TEXT = { type: 'string' };

const NO_SECRET =
  'Not for keys or passwords: what passed through a conversation is no secret. Let a program ask for those instead.';

@Injectable()
export class DrawTools {
  readonly tools: readonly Tool[];

  constructor(
    settings: GatewaySettings,
    private readonly dispenser: Dispenser,
    private readonly clock: Clock,
  ) {
    this.tools = [
      this.#bytes(settings.QRNG_MAX_REQUEST_BYTES),
      this.#list(INTEGERS, INTEGER, {
        name: 'get_random_integers',
        title: 'Random integers',
        description:
          'Whole numbers from min to max, both included, uniformly distributed; all different with unique.',
      }),
      this.#list(FLOATS, NUMBER, {
        name: 'get_random_floats',
        title: 'Random floats',
        description: 'Numbers in [0, 1), multiples of 2^-53, uniformly distributed.',
      }),
      this.#list(GAUSSIANS, NUMBER, {
        name: 'get_random_gaussians',
        title: 'Normally distributed numbers',
        description: 'Numbers of the normal distribution with this mean and standard deviation.',
      }),
      this.#list(STRINGS, TEXT, {
        name: 'get_random_strings',
        title: 'Random strings',
        description: `Strings over an alphabet, each character uniformly distributed. ${NO_SECRET}`,
      }),
      this.#list(UUIDS, TEXT, {
        name: 'get_random_uuid',
        title: 'Random UUIDs',
        description: 'UUIDs of version 4 (random) or 7 (they begin with the time).',
      }),
      this.#list(PERMUTATION, INTEGER, {
        name: 'get_permutation',
        title: 'Random permutation',
        description: 'The numbers from 0 to n - 1 in random order.',
      }),
      this.#choose(),
      this.#dice(),
    ];
  }

  #bytes(max: number): Tool {
    const parameters = new Parameters({
      count: wholeNumber('Number of random bytes.', { min: 1, max, fallback: Math.min(32, max) }),
      encoding: oneOf('How they are written.', ['hex', 'base64', 'base64url'], 'hex'),
    });
    return {
      name: 'get_random_bytes',
      title: 'Random bytes',
      description: `Random bytes from a quantum source, each served once. ${NO_SECRET}`,
      inputSchema: inputSchema(parameters),
      outputSchema: outputSchema({ bytes: TEXT, encoding: TEXT }),
      scopes: ['random'],
      draws: true,
      call: async (given, { request, reply }) => {
        const { count, encoding } = parameters.readMembers(given);
        const bytes = await this.dispenser.bytes(request, reply, count);
        const text = bytes.toString(encoding);
        bytes.fill(0);
        return { bytes: text, encoding };
      },
    };
  }

  /** A tool whose answer is a list of values. */
  #list<T extends object, V>(
    { parameters, sample }: Draw<T, V>,
    items: object,
    described: Pick<Tool, 'name' | 'title' | 'description'>,
  ): Tool {
    return {
      ...described,
      inputSchema: inputSchema(parameters),
      outputSchema: outputSchema({ values: { type: 'array', items } }),
      scopes: ['random'],
      draws: true,
      call: async (given, exchange) => ({
        values: await this.#draw(exchange, sample(parameters.readMembers(given), this.clock.now())),
      }),
    };
  }

  #choose(): Tool {
    return {
      name: 'choose',
      title: 'Choose at random',
      description: 'Chooses count of the items, each equally likely; with unique (the default) none twice.',
      inputSchema: CHOICE_SCHEMA,
      outputSchema: outputSchema({ chosen: { type: 'array', items: TEXT } }),
      scopes: ['random'],
      draws: true,
      call: async (given, exchange) => ({ chosen: await this.#draw(exchange, choice(given)) }),
    };
  }

  #dice(): Tool {
    const notation = { ...TEXT, maxLength: 512, description: 'Such as 3d6, d20+5, 2d10-1d4, d%.' };
    const roll = outputSchema({ dice: TEXT, results: { type: 'array', items: INTEGER } });
    return {
      name: 'roll_dice',
      title: 'Roll dice',
      description: 'Rolls dice, and adds them up.',
      inputSchema: schemaOf({ notation }, ['notation']),
      outputSchema: outputSchema({ rolls: { type: 'array', items: roll }, total: INTEGER }),
      scopes: ['random'],
      draws: true,
      call: ({ notation: given, ...others }, exchange) => {
        new Parameters({}).readMembers(others);
        return this.#draw(exchange, diceThrow(given));
      },
    };
  }

  #draw<T>({ request, reply }: Exchange, sample: Sample<T>): Promise<T> {
    return this.dispenser.sample(request, reply, sample);
  }
}
