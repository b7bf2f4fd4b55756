/** The code of an error, such as ENOSPC or CERT_HAS_EXPIRED: what a log may say of it without quoting paths or content. */
export function errorCode(error: unknown): string {
  // Not `instanceof Error`: under Jest errors of Node itself are of another realm.
  if (typeof error !== 'object' || error === null) return 'unknown';
  const { code, name } = error as { readonly code?: unknown; readonly name?: unknown };
  return [code, name].find((text) => typeof text === 'string') ?? 'unknown';
}

/** Whether nothing but room on the disk was missing, or in the quota: it may be there later. */
export function isDiskFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(errorCode(error));
}
