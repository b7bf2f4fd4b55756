/** What became of a collector's position that an operator had forgotten, in words. */

export function forgottenText(collector: string, floor: number, now: number): string {
  const date = new Date(floor).toISOString();
  return floor > now + 1
    ? `${collector}: forgotten. Packets stamped in the future were taken, so that nothing of it is taken before ${date}.`
    : `${collector}: forgotten. What was exposed before ${date} is refused; the next packet is taken, whatever its number.`;
}

export function unknownText(collector: string): string {
  return `${collector}: has no position, so that there is nothing to forget.`;
}
