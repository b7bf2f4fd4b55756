export {
  DirectoryLock,
  DirectoryLockError,
  lockAsStandardInput,
  lockOpenDirectory,
} from './directory-lock.js';
export type { OpenDirectoryLock } from './directory-lock.js';
export { errorCode, isDiskFull } from './error-code.js';
export { ifThere, ignoreMissing } from './if-there.js';
export { isConfined } from './is-confined.js';
export { makeDirectory } from './make-directory.js';
export { readReloadOutcomes, writeReloadOutcomes } from './reload-outcomes.js';
export type { ReloadOutcome } from './reload-outcomes.js';
export { readFault, readSettingFile, readSettingText } from './read-setting-file.js';
export { replaceFile, rewriteFile, syncDirectory } from './replace-file.js';
export { StateRequests } from './state-requests.js';
export type { RequestHandler } from './state-requests.js';
export { watchFiles } from './watch-files.js';
