export { logDestination } from './log-destination.js';
