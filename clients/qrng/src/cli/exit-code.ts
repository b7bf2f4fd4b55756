/** Exit codes of sysexits.h, as scripts and systemd know them. */
import { FeedError } from '../feed/feed-error.js';
import { QrngError } from '../qrng-error.js';
import type { QrngErrorCode } from '../qrng-error.js';
import { SettingsError } from '../settings.js';
import { OutputError } from './output.js';
import { UsageError } from './usage-error.js';
import { InputError, VerificationError } from './verification-error.js';

export const EXIT_CODES = {
  0: 'done',
  64: 'called wrongly',
  65: 'a receipt is not verified',
  66: 'a file to verify cannot be read',
  69: 'no entropy: the gateway cannot be reached, has too little, or limits this key (--wait waits for it)',
  70: 'a defect of qrng',
  73: 'the pipe or socket to feed cannot be made or opened',
  74: 'the output cannot be written',
  76: 'the answer is not what was asked for',
  77: 'the gateway refuses the key',
  78: 'QRNG_URL, QRNG_API_KEY or QRNG_CA_FILE is missing or wrong',
} as const;

export type ExitCode = keyof typeof EXIT_CODES;

const BY_CODE: Readonly<Record<QrngErrorCode, ExitCode>> = {
  unreachable: 69,
  untrusted: 69,
  unavailable: 69,
  limited: 69,
  unauthorized: 77,
  forbidden: 77,
  invalid: 64,
  unexpected: 76,
};

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof QrngError) return BY_CODE[error.code];
  if (error instanceof UsageError || error instanceof RangeError) return 64;
  if (error instanceof SettingsError) return 78;
  if (error instanceof OutputError) return 74;
  if (error instanceof FeedError) return 73;
  if (error instanceof VerificationError) return 65;
  if (error instanceof InputError) return 66;
  return 70;
}
