export { ByteRing } from './byte-ring.js';
