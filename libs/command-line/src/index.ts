export { CommandError, commandLine, misused, runCommand } from './command-line.js';
