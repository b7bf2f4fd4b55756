/** The path of a request target, as the router finds it. */

/** Without the query, and without the scheme and host of an absolute form, which the router takes off, too. */
export function pathOf(target: string): string {
  const [path = ''] = target.split('?', 1);
  return path.replace(/^https?:\/\/[^/]*/i, '');
}
