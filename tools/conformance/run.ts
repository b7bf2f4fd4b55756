/** Checks a server against all rules, one after the other. */
import { CAPABILITY_RULES, HEALTH_TEST_RULES } from './capability-rules.js';
import { ENTROPY_RULES } from './entropy-rules.js';
import type { Rule } from './rule.js';
import { Unavailable } from './server.js';
import type { Server } from './server.js';

/** In the order of the table in docs/qrng-open-api.md. */
export const RULES: readonly Rule[] = [...CAPABILITY_RULES, ...ENTROPY_RULES, ...HEALTH_TEST_RULES];

/** `differs`: it breaks a rule that is this project's judgement. `unknown`: it could not be asked just now. */
export type Verdict = 'conforms' | 'breaks' | 'differs' | 'does not apply' | 'unknown';

export interface Finding {
  readonly rule: Rule;
  readonly verdict: Verdict;
  /** What is wrong, in words. */
  readonly fault?: string;
}

/**
 * A finding for each rule.
 *
 * @throws whatever a server that cannot be reached is reported with, before the first finding.
 */
export async function* examine(server: Server): AsyncGenerator<Finding> {
  await server.capabilities().catch(ignoreBusy);
  for (const rule of RULES) yield { rule, ...(await judge(rule, server)) };
}

async function judge(rule: Rule, server: Server): Promise<Omit<Finding, 'rule'>> {
  try {
    const fault = await rule.check(server);
    if (fault === undefined) return { verdict: 'conforms' };
    if (fault === null) return { verdict: 'does not apply' };
    return { verdict: rule.basis === 'judgement' ? 'differs' : 'breaks', fault };
  } catch (error) {
    if (error instanceof Unavailable) return { verdict: 'unknown', fault: error.message };
    if (!(error instanceof Error)) throw error;
    return { verdict: 'breaks', fault: `no answer: ${error.message}` };
  }
}

function ignoreBusy(error: unknown): void {
  if (!(error instanceof Unavailable)) throw error;
}
