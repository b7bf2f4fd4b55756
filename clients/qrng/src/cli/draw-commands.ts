/** The commands that write a list: one value a line, or a JSON array. */
import { drawsOf, JSON_FLAG, MIX, WAIT } from './command.js';
import type { Command, Invocation, Option } from './command.js';
import { RECEIPT, withReceipt } from './receipt-options.js';
import { optional, realNumber, textOf, wholeNumber } from './values.js';

/** A command that writes what `draw` resolves with. */
function listCommand(
  command: Omit<Command, 'run' | 'options'> & {
    readonly options?: readonly Option[];
    readonly isSecret?: true;
  },
  draw: (invocation: Invocation, count: number | undefined) => Promise<readonly (string | number)[]>,
): Command {
  const { isSecret = false, options = [], ...rest } = command;
  const run = async (invocation: Invocation): Promise<void> => {
    const { argument, values, output } = invocation;
    const list = await draw(invocation, argument === undefined ? undefined : wholeNumber('COUNT', argument));
    await output.write(values['json'] === true ? `${JSON.stringify(list)}\n` : `${list.join('\n')}\n`);
  };
  if (isSecret) return { ...rest, options: [...options, MIX, WAIT, JSON_FLAG], run };
  return {
    ...rest,
    options: [...options, MIX, WAIT, JSON_FLAG, ...RECEIPT],
    run: (invocation) => withReceipt(invocation, run),
  };
}

const COUNT = '[COUNT]';

const INTEGERS = listCommand(
  {
    name: 'integers',
    summary: 'whole numbers, each equally likely',
    argument: COUNT,
    options: [
      { name: 'min', value: 'N', help: 'smallest number, 0 if not given' },
      { name: 'max', value: 'N', help: 'largest number, 100 if not given' },
      { name: 'unique', help: 'no number twice, as in a lottery' },
    ],
  },
  (invocation, count) => {
    const { values, signal } = invocation;
    const min = optional(values, 'min', wholeNumber);
    const max = optional(values, 'max', wholeNumber);
    return drawsOf(invocation).integers({ count, min, max, unique: values['unique'] === true }, signal);
  },
);

const FLOATS = listCommand(
  { name: 'floats', summary: 'numbers in [0, 1), multiples of 2^-53', argument: COUNT },
  (invocation, count) => drawsOf(invocation).floats({ count }, invocation.signal),
);

const GAUSSIANS = listCommand(
  {
    name: 'gaussians',
    summary: 'normally distributed numbers',
    argument: COUNT,
    options: [
      { name: 'mean', value: 'X', help: 'their mean, 0 if not given' },
      { name: 'stddev', value: 'X', help: 'their standard deviation, 1 if not given' },
    ],
  },
  (invocation, count) => {
    const mean = optional(invocation.values, 'mean', realNumber);
    const stddev = optional(invocation.values, 'stddev', realNumber);
    return drawsOf(invocation).gaussians({ count, mean, stddev }, invocation.signal);
  },
);

const LENGTH: Option = { name: 'length', value: 'N', help: 'characters of each' };
const ALPHABET: Option = {
  name: 'alphabet',
  value: 'CHARACTERS',
  help: '2 to 256 different characters; A-Z, a-z and 0-9 if not given',
};

const STRINGS = listCommand(
  {
    name: 'strings',
    summary: 'strings of 32 letters and digits, or of another length and alphabet',
    argument: COUNT,
    options: [LENGTH, ALPHABET],
  },
  (invocation, count) => {
    const length = optional(invocation.values, 'length', wholeNumber);
    const alphabet = textOf(invocation.values, 'alphabet');
    return drawsOf(invocation).strings({ count, length, alphabet }, invocation.signal);
  },
);

const UUID = listCommand(
  {
    name: 'uuid',
    summary: 'UUIDs',
    argument: COUNT,
    options: [
      { name: 'version', value: 'VERSION', choices: ['4', '7'], help: '4 (default), or 7: sorted by time' },
    ],
  },
  (invocation, count) => {
    const version = textOf(invocation.values, 'version') === '7' ? 7 : 4;
    return drawsOf(invocation).uuids({ count, version }, invocation.signal);
  },
);

const PERMUTATION = listCommand(
  { name: 'permutation', summary: 'the numbers from 0 to COUNT - 1, shuffled', argument: 'COUNT' },
  (invocation, n = 0) => drawsOf(invocation).permutation({ n }, invocation.signal),
);

/** A secret, so always mixed: anyone who runs the gateway must not know it. */
const PASSWORD = listCommand(
  {
    name: 'password',
    summary: 'passwords of 20 letters and digits (119 bits), always drawn as with --mix',
    argument: COUNT,
    options: [LENGTH, ALPHABET],
    isSecret: true,
  },
  (invocation, count) => {
    const length = optional(invocation.values, 'length', wholeNumber) ?? 20;
    const alphabet = textOf(invocation.values, 'alphabet');
    return invocation.client().mixed().strings({ count, length, alphabet }, invocation.signal);
  },
);

export const DRAW_COMMANDS = [INTEGERS, FLOATS, GAUSSIANS, STRINGS, UUID, PERMUTATION, PASSWORD];
