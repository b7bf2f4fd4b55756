/** Why `qrng verify` fails. */

/** The receipt is not what it claims to be; the steps say why. */
export class VerificationError extends Error {
  override readonly name = 'VerificationError';
}

/** A file to verify cannot be read. */
export class InputError extends Error {
  override readonly name = 'InputError';
}
