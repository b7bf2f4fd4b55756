/** The report of an assessment, as text and as data: what was captured, what the tools found, and what that does not prove. */
import { VERSION } from '#libs/version';
import type { Captured } from './capture.js';
import type { Estimate } from './estimate.js';

/** What no reader should take such an estimate for. */
export const LIMITS = [
  'A source delivers what its own conditioning made. SP 800-90B estimates raw samples of a noise source; of conditioned output the estimators find nearly 8 bits a byte whatever went in, also of a counter behind a hash. A low estimate shows a fault, a high one proves nothing about the noise.',
  'SP 800-90B wants each row of the restart samples to follow a restart of the noise source. Here a restart is a new connection, or the device opened again: the noise source ran on. For a claim switch it off and on between rows.',
  'Answers of an appliance need not follow each other without a gap, so "in a row" holds within one fetch.',
  'A validated entropy source needs more than numbers: a description of the noise, health tests at the noise source, a laboratory. No claim of SP 800-90B or 90C follows from this report.',
] as const;

export interface ReportData extends Captured {
  readonly version: string;
  /** ISO 8601. */
  readonly at: string;
  readonly estimates: readonly Estimate[];
  readonly limits: readonly string[];
}

/** Both forms of the report. */
export function reportOf(
  captured: Captured,
  estimates: readonly Estimate[],
  now: Date,
): { data: ReportData; text: string } {
  const data = { version: VERSION, at: now.toISOString(), ...captured, estimates, limits: LIMITS };
  const rows = estimates.map(
    ({ tool, outcome, minEntropy }) => `| ${tool} | ${outcome} | ${minEntropy ?? '-'} |`,
  );
  const text = `# Assessment of ${captured.source}

${data.at}, qrng-dd ${VERSION}. One byte is a sample.

| file | holds |
| --- | --- |
| sequential.bin | ${captured.samples} samples in a row, of ${captured.fetches} fetches |
| restarts.bin | ${captured.restarts} rows of ${captured.restarts} samples, each of a new connection or opening |

| tool | outcome | min-entropy, bits a sample |
| --- | --- | --- |
${rows.join('\n')}

## What this does not prove

${LIMITS.map((limit) => `- ${limit}`).join('\n')}
`;
  return { data, text };
}
