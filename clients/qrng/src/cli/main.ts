/** The process `qrng`. */
import { exitCodeOf } from './exit-code.js';
import { Output, OutputError } from './output.js';
import { explanation, run } from './run.js';

const args = process.argv.slice(2);
const log = (lines: string): void => {
  for (const line of lines.split('\n')) process.stderr.write(`qrng: ${line}\n`);
};

try {
  await run(args, {
    env: process.env,
    output: new Output(process.stdout),
    log,
    onStop: (stop) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
    },
  });
} catch (error) {
  process.exitCode = exitCodeOf(error);
  // A reader of only the beginning of an output needs no message about it.
  if (!(error instanceof OutputError && error.code === 'EPIPE')) log(explanation(error, args));
  if (process.exitCode === 70 && error instanceof Error) log(error.stack ?? '');
}
