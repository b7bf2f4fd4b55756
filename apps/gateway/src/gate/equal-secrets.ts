/** Compares secrets as fixed-size digests in constant time. */
import { hash, timingSafeEqual } from 'node:crypto';

export function equalSecrets(a: string, b: string): boolean {
  return timingSafeEqual(hash('sha256', a, 'buffer'), hash('sha256', b, 'buffer'));
}
