/** What Node does not show of a certificate: its subject as bytes, and whether its key may sign revocation lists. */
import type { X509Certificate } from 'node:crypto';
import { derContent, derElements, TAG } from './der.js';
import type { DerElement } from './der.js';

/** id-ce-keyUsage, 2.5.29.15. */
const KEY_USAGE = '551d0f';
/** cRLSign is bit 6 of the bit string, counted from the left (RFC 5280, 4.2.1.3). */
const CRL_SIGN = 0b0000_0010;

/** The subject's name in DER. */
export function subjectOf(certificate: X509Certificate): Buffer {
  // [version], serialNumber, signature, issuer, validity, subject
  const fields = tbsOf(certificate);
  const hasVersion = fields[0]?.tag === 0xa0;
  return fields[hasVersion ? 5 : 4]?.whole ?? Buffer.alloc(0);
}

/** Whether the key may sign revocation lists; a certificate that says nothing about its key's use allows all. */
export function maySignLists(certificate: X509Certificate): boolean {
  const extensions = tbsOf(certificate).find(({ tag }) => tag === TAG.extensions);
  if (extensions === undefined) return true;
  for (const { content } of derElements(derContent(extensions.content, TAG.sequence))) {
    const fields = derElements(content);
    if (fields[0]?.content.toString('hex') !== KEY_USAGE) continue;
    const bits = derContent(fields.at(-1)?.content ?? Buffer.alloc(0), TAG.bitString);
    return ((bits[1] ?? 0) & CRL_SIGN) !== 0; // the first byte is the number of unused bits
  }
  return true;
}

function tbsOf(certificate: X509Certificate): DerElement[] {
  const [tbs] = derElements(derContent(certificate.raw, TAG.sequence));
  return derElements(tbs?.content ?? Buffer.alloc(0));
}
