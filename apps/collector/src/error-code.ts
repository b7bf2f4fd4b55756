/** The code of a system error. */

/** Such as ENOENT, or 'unknown'. Asks for no class: errors of other realms (jest runs in one) are no `instanceof Error`. */
export function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unknown';
}
