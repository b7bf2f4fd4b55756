export { logDestination, lostLogLines } from './log-destination.js';
