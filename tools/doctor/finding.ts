/** What the doctor found: one line for each thing it looked at. */

export type Level = 'pass' | 'warn' | 'fail';

export interface Finding {
  readonly level: Level;
  /** The item of the deployment checklist. */
  readonly item: string;
  /** What was seen; for warn and fail also what to do. Never a secret. */
  readonly text: string;
}

/** Findings of one item of the checklist, written as `check('Clocks').pass('...')`. */
export function check(item: string): Record<Level, (text: string) => Finding> {
  const finding =
    (level: Level) =>
    (text: string): Finding => ({ level, item, text });
  return { pass: finding('pass'), warn: finding('warn'), fail: finding('fail') };
}

/** The findings as text, and the process's exit code: 1 when something failed. */
export function report(findings: readonly Finding[]): { text: string; exitCode: number } {
  const lines = findings.map(({ level, item, text }) => {
    const mark = level === 'pass' ? 'pass' : level.toUpperCase();
    return `${mark.padEnd(5)} ${item.padEnd(18)} ${text}`;
  });
  const count = (level: Level): number => findings.filter((finding) => finding.level === level).length;
  const summary = `${count('pass')} pass, ${count('warn')} warn, ${count('fail')} fail`;
  return { text: `${lines.join('\n')}\n\n${summary}`, exitCode: count('fail') > 0 ? 1 : 0 };
}
