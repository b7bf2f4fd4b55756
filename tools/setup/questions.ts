/** Asks on the terminal for what was not given as an option. */
import { createInterface } from 'node:readline';
import { AnswerError, checkAnswer } from './installation.js';
import type { Answers } from './installation.js';

interface Question {
  readonly option: string;
  readonly text: string;
  /** Whether it is asked at all, given what is known. */
  readonly when?: (answers: Answers) => boolean;
}

const QUESTIONS: readonly Question[] = [
  { option: 'gateway', text: 'Name or address of the gateway, as clients will call it [:PORT]' },
  {
    option: 'gateway-address',
    text: "The gateway's IP addresses, comma separated (for the collector's firewall)",
    when: ({ gateway }) => !isNumeric(gateway),
  },
  { option: 'san', text: 'Further names of the gateway for its certificate (Enter: none)' },
  { option: 'collector-host', text: "Name or address of the collector's machine" },
  {
    option: 'collector-address',
    text: "The collector's IP addresses, comma separated (for the gateway's firewall)",
    when: (answers) => !isNumeric(answers['collector-host']),
  },
  {
    option: 'appliance',
    text: 'URLs of the Quantis appliances, https://HOST/api/2.0/streambytes (Enter: later)',
  },
  {
    option: 'administrators',
    text: 'IP addresses that may log in by SSH; loading the rules cuts others off (Enter: none)',
  },
  { option: 'log-servers', text: 'IP addresses that the machines send their logs to (Enter: none)' },
  { option: 'time-servers', text: 'IP addresses of time servers (Enter: none)' },
  { option: 'out', text: 'Folder to make' },
];

/**
 * The answers given, and those that the terminal adds. What is invalid is asked for again.
 *
 * @throws {AnswerError} when the terminal ends (Ctrl-D) before the last answer.
 */
export async function ask(given: Answers): Promise<Answers> {
  // Not `terminal: true`: the terminal's own line editing keeps lines that were typed ahead, and Ctrl-C ends the process.
  const lines = createInterface({ input: process.stdin, terminal: false })[Symbol.asyncIterator]();
  const answers: Record<string, string | undefined> = { ...given };
  for (const { option, text, when } of QUESTIONS) {
    if (answers[option] !== undefined || when?.(answers) === false) continue;
    do answers[option] = await answerTo(text, lines);
    while (!isValid(option, answers[option]));
  }
  process.stdin.destroy();
  return answers;
}

async function answerTo(question: string, lines: AsyncIterator<string>): Promise<string> {
  process.stderr.write(`${question}: `);
  const line = await lines.next();
  if (line.done === true) throw new AnswerError('\nCancelled; nothing was made.');
  return line.value.trim();
}

function isValid(option: string, text: string): boolean {
  try {
    checkAnswer(option, text);
    return true;
  } catch (error) {
    if (!(error instanceof AnswerError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return false;
  }
}

/** Whether the answer is an address, as far as a question is concerned. */
function isNumeric(host: string | undefined): boolean {
  return host !== undefined && /^[\d.]+(:\d+)?$|:.*:/.test(host);
}
