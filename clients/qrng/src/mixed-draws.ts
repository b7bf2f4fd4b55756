/** Draws made on this machine, from the gateway's bytes mixed with its own generator; the gateway cannot know them. */
import { floats } from '../../../libs/entropy/src/sampling/floats.js';
import { gaussians } from '../../../libs/entropy/src/sampling/gaussians.js';
import { integers } from '../../../libs/entropy/src/sampling/integers.js';
import { permutation } from '../../../libs/entropy/src/sampling/permutation.js';
import { draw } from '../../../libs/entropy/src/sampling/sample.js';
import type { Sample } from '../../../libs/entropy/src/sampling/sample.js';
import { strings } from '../../../libs/entropy/src/sampling/strings.js';
import { uuids } from '../../../libs/entropy/src/sampling/uuids.js';
import * as checked from './draws.js';
import type { Draws } from './draws.js';
import { mixed, wholeBlocks } from './mix.js';

export class MixedDraws implements Draws {
  /** @param gatewayBytes gives bytes of the gateway, or rejects: nothing is drawn without them. */
  constructor(private readonly gatewayBytes: (count: number, signal?: AbortSignal) => Promise<Buffer>) {}

  async bytes(count: number, signal?: AbortSignal): Promise<Buffer> {
    checked.checkedBytes(count);
    return (await this.#mixed(count, 'bytes', signal)).subarray(0, count);
  }

  async integers(options: checked.IntegersOptions = {}, signal?: AbortSignal): Promise<number[]> {
    return this.#draw(integers(checked.checkedIntegers(options)), 'integers', signal);
  }

  async floats(options: checked.CountOptions = {}, signal?: AbortSignal): Promise<number[]> {
    return this.#draw(floats(checked.checkedFloats(options)), 'floats', signal);
  }

  async gaussians(options: checked.GaussiansOptions = {}, signal?: AbortSignal): Promise<number[]> {
    return this.#draw(gaussians(checked.checkedGaussians(options)), 'gaussians', signal);
  }

  async strings(options: checked.StringsOptions = {}, signal?: AbortSignal): Promise<string[]> {
    return this.#draw(strings(checked.checkedStrings(options)), 'strings', signal);
  }

  async uuids(options: checked.UuidsOptions = {}, signal?: AbortSignal): Promise<string[]> {
    return this.#draw(uuids({ ...checked.checkedUuids(options), now: Date.now() }), 'uuids', signal);
  }

  async permutation(options: checked.PermutationOptions, signal?: AbortSignal): Promise<number[]> {
    return this.#draw(permutation(checked.checkedPermutation(options)), 'permutation', signal);
  }

  /** Rejection takes as many bytes as it takes: `most` of them are there before it begins, so that it never waits. */
  async #draw<T>(sample: Sample<T>, purpose: string, signal: AbortSignal | undefined): Promise<T> {
    const supply = await this.#mixed(sample.most, purpose, signal);
    let at = 0;
    try {
      return draw(sample, (count) => supply.subarray(at, (at += count)));
    } finally {
      supply.fill(0);
    }
  }

  async #mixed(count: number, purpose: string, signal: AbortSignal | undefined): Promise<Buffer> {
    if (count === 0) return Buffer.alloc(0);
    return mixed(await this.gatewayBytes(wholeBlocks(count), signal), purpose);
  }
}
