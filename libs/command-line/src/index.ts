export { asCalled, CommandError, commandLine, misused, onOutputClosed, runCommand } from './command-line.js';
