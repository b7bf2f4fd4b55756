export { commandLine, misused } from './command-line.js';
