export {
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  Matches,
  Max,
  Min,
  ValidateBy,
  ValidateIf,
  Validator,
} from './class-validator.js';
export { directoryProblems } from './directory-problems.js';
export { environmentFaults } from './environment-faults.js';
export {
  EnvironmentFileError,
  parseEnvironmentFile,
  readEnvironmentFile,
  readEnvironmentText,
} from './environment-file.js';
export { LiveSettings } from './live-settings.js';
export type { Refreshed } from './live-settings.js';
export { diskProblem } from './disk-problem.js';
export { lockDirectory, lockProblem } from './lock-directory.js';
export {
  EXIT_TEMPORARY,
  exitConfig,
  problemsOf,
  readSettings,
  readSettingsOrExit,
  secretFiles,
  SettingsError,
} from './read-settings.js';
export type { Environment, ReadSettings, SettingsClass } from './read-settings.js';
export { spoolDirectory } from './spool-directory.js';
export {
  ChoiceVariable,
  FileVariable,
  HmacKeyVariable,
  IntegerVariable,
  isHmacKey,
  isLoopback,
  isSecureUrl,
  ListVariable,
  Live,
  liveNames,
  Needs,
  needsOf,
  Secret,
  SigningKeyVariable,
  PathVariable,
  secretNames,
  splitList,
  Variable,
  variableNames,
} from './variables.js';
