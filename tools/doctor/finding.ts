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

/** One line for each finding. */
export function lines(findings: readonly Finding[]): string[] {
  return findings.map(({ level, item, text }) => {
    const mark = level === 'pass' ? 'pass' : level.toUpperCase();
    return `${mark.padEnd(5)} ${item.padEnd(18)} ${text}`;
  });
}

export function counts(findings: readonly Finding[]): Record<Level, number> {
  const count = (level: Level): number => findings.filter((finding) => finding.level === level).length;
  return { pass: count('pass'), warn: count('warn'), fail: count('fail') };
}

export function summary(findings: readonly Finding[]): string {
  const { pass, warn, fail } = counts(findings);
  return `${pass} pass, ${warn} warn, ${fail} fail`;
}
