/** Something that is claimed of the diode, and what was seen of it. */
export interface Claim {
  readonly text: string;
  readonly seen: string;
  readonly holds: boolean;
}
