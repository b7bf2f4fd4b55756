/** How bad a finding is: `soft` drops the block, `hard` puts the source out of use. */
export type Tier = 'pass' | 'soft' | 'hard';

/** Where a statistic becomes a finding: at `soft` or `hard` and beyond. */
export interface Cutoffs {
  readonly soft: number;
  readonly hard: number;
}

export function worse(a: Tier, b: Tier): Tier {
  return a === 'hard' || b === 'pass' ? a : b;
}

/** The tier of a statistic of which more is worse. */
export function tierOf(value: number, { soft, hard }: Cutoffs): Tier {
  return value >= hard ? 'hard' : value >= soft ? 'soft' : 'pass';
}
