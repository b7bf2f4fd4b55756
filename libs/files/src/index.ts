export { DirectoryLock, DirectoryLockError } from './directory-lock.js';
export { errorCode } from './error-code.js';
export { replaceFile, rewriteFile } from './replace-file.js';
export { watchFiles } from './watch-files.js';
