export { ByteRing } from './byte-ring.js';
export {
  HEALTH_TESTS,
  SourceHealth,
  START_UP_BYTES,
  type HealthTest,
  type HealthVerdict,
} from './health/source-health.js';
export { SeenBytes } from './health/seen-bytes.js';
export { mix, MIXING_STRATEGIES, MixingError, type MixingStrategy } from './mixing/mix.js';
