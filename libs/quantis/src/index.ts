export { createSources } from './create-sources.js';
export type { SourceOptions } from './create-sources.js';
export { EntropySources, QuantisModule } from './quantis.module.js';
export { SourceError } from './source.js';
export type { EntropySource, SourceErrorCode } from './source.js';
