export { QrngClient, type ClientOptions, type ReceiptOfDraw } from './client.js';
export type {
  CountOptions,
  Draws,
  GaussiansOptions,
  IntegersOptions,
  PermutationOptions,
  StringsOptions,
  UuidsOptions,
} from './draws.js';
export { QrngError, type QrngErrorCode } from './qrng-error.js';
export type { StatusReport, UsageReport } from './reports.js';
export { SettingsError, type Environment } from './settings.js';
export { parseVerifierKey } from '../../../libs/tlog/src/signed-note.js';
export {
  verifyReceipt,
  type Step as VerificationStep,
  type Verification,
  type VerifyOptions,
} from './receipt/verify.js';
export type { OnWait } from './waiting.js';
