/** Interleaves the candidates of a row and takes medians: what disturbs the machine for a while disturbs all alike. */
import type { Line } from './table.js';

/** What one candidate did in one round. */
export interface Sample {
  readonly rate: number;
  readonly cpuUs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface Contender {
  readonly name: string;
  readonly measure: () => Promise<Sample>;
}

/** Rounds that are dropped: V8 needs tens of thousands of requests until it has compiled what is hot. */
const WARM_UP_ROUNDS = 4;

/** A line for each contender; ratios are to the first one, of the same run. */
export async function interleave(
  row: string,
  unit: string,
  contenders: readonly Contender[],
  rounds: number,
  warmUpRounds = WARM_UP_ROUNDS,
): Promise<Line[]> {
  const samples = contenders.map((): Sample[] => []);
  const warmUp = rounds === 0 ? 1 : warmUpRounds;
  for (let round = -warmUp; round < rounds; round++) {
    for (const [index, contender] of contenders.entries()) {
      const sample = await contender.measure();
      if (round >= 0) samples[index]?.push(sample);
    }
  }
  const medians = samples.map(medianSample);
  const reference = medians[0]?.rate ?? Number.NaN;
  return contenders.map(({ name: candidate }, index) => {
    const sample = medians[index] ?? medianSample([]);
    const leastCpuUs = Math.min(...(samples[index] ?? []).map(({ cpuUs }) => cpuUs));
    return { row, candidate, unit, ratio: sample.rate / reference, ...sample, leastCpuUs };
  });
}

/** The median of an odd number of values; of an even number, the upper one of the two in the middle. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

function medianSample(samples: readonly Sample[]): Sample {
  return {
    rate: median(samples.map(({ rate }) => rate)),
    cpuUs: median(samples.map(({ cpuUs }) => cpuUs)),
    p50Ms: median(samples.map(({ p50Ms }) => p50Ms)),
    p99Ms: median(samples.map(({ p99Ms }) => p99Ms)),
  };
}
