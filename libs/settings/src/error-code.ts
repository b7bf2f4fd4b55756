/** The code of a system error, such as ENOSPC: what a log may say of it without quoting paths or content. */
export function errorCode(error: unknown): string {
  // Not `instanceof Error`: under Jest errors of Node itself are of another realm.
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'unknown';
}
