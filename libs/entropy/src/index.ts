export { ByteRing } from './byte-ring.js';
export {
  HEALTH_TESTS,
  SourceHealth,
  START_UP_BYTES,
  type HealthTest,
  type HealthVerdict,
} from './health/source-health.js';
export { SeenBytes } from './health/seen-bytes.js';
export { mix, MIXED_UNIT, MIXING_STRATEGIES, MixingError, type MixingStrategy } from './mixing/mix.js';
export { draw, OverdrawnError, type Sample } from './sampling/sample.js';
export { floats } from './sampling/floats.js';
export { gaussians } from './sampling/gaussians.js';
export { integers } from './sampling/integers.js';
export { permutation } from './sampling/permutation.js';
export { charactersOf, strings } from './sampling/strings.js';
export { uuids } from './sampling/uuids.js';
export { QUALITY_WINDOW, QualityWindow, type QualityReport } from './quality/quality-window.js';
export type { Statistic, Statistics } from './quality/statistics.js';
export { wipeAndFree } from './wipe-and-free.js';
