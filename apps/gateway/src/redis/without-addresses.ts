/** Takes addresses out of what a library says went wrong, for health and status, which are read outside. */

/** `text` without the host of `url` and without any host:port, host.domain or path. */
export function withoutAddresses(text: string, url: string): string {
  return text.replaceAll(new URL(url).hostname, '…').replaceAll(/\S*(?:[:.]\w|\/)\S*/g, '…');
}
