/**
 * The commands of the EGD protocol (egd.sourceforge.net; QEMU's backends/rng-egd.c sends nothing but `02`):
 *
 *   00                        how much is there?     answer: 4 bytes, big-endian, in bits
 *   01 n                      n bytes, if there      answer: one byte m <= n, then m bytes
 *   02 n                      n bytes, waiting       answer: n bytes
 *   03 bits(2) n, n bytes     entropy offered        no answer; it is read and thrown away
 */
export type EgdCommand =
  | { readonly kind: 'available' }
  | { readonly kind: 'now' | 'wait'; readonly count: number }
  | { readonly kind: 'offer' };

/** A byte that is no command; the connection has to end, since nobody knows where the next one begins. */
export class EgdProtocolError extends Error {
  constructor(byte: number) {
    super(`0x${byte.toString(16).padStart(2, '0')} is no command of EGD`);
    this.name = 'EgdProtocolError';
  }
}

/**
 * The first command in `input` and how many bytes it has; undefined while it is not complete.
 *
 * @throws {EgdProtocolError}
 */
export function readCommand(input: Buffer): { command: EgdCommand; length: number } | undefined {
  const [code, second, , fourth] = input;
  switch (code) {
    case undefined:
      return undefined;
    case 0:
      return { command: { kind: 'available' }, length: 1 };
    case 1:
    case 2:
      if (second === undefined) return undefined;
      return { command: { kind: code === 1 ? 'now' : 'wait', count: second }, length: 2 };
    case 3: {
      if (fourth === undefined || input.length < 4 + fourth) return undefined;
      return { command: { kind: 'offer' }, length: 4 + fourth };
    }
    default:
      throw new EgdProtocolError(code);
  }
}
