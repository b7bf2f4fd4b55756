/** How bad a finding is: `soft` drops the block, `hard` puts the source into quarantine. */
export type Tier = 'pass' | 'soft' | 'hard';

/** The worse of two findings. */
export function worse(a: Tier, b: Tier): Tier {
  return a === 'hard' || b === 'pass' ? a : b;
}
