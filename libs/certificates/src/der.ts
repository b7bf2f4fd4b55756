/**
 * Reads DER (ITU-T X.690) as far as certificates and revocation lists need it: Node decodes no revocation list, and asn1js
 * (what @peculiar/x509 stands on) refuses one of some thousand entries, which a company's authority easily has.
 */

/** One element; `whole` is tag, length and content. */
export interface DerElement {
  readonly tag: number;
  readonly content: Buffer;
  readonly whole: Buffer;
}

export const TAG = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  /** `[3] EXPLICIT`: the extensions of a certificate. */
  extensions: 0xa3,
} as const;

/**
 * The elements that `bytes` consists of.
 *
 * @throws {RangeError} when they are cut or of a length that this does not know.
 */
export function derElements(bytes: Buffer): DerElement[] {
  const elements: DerElement[] = [];
  for (let at = 0; at < bytes.length;) {
    const element = elementAt(bytes, at);
    elements.push(element);
    at += element.whole.length;
  }
  return elements;
}

/**
 * The content of the one element that `bytes` begins with.
 *
 * @throws {RangeError} when it has another tag, or is cut.
 */
export function derContent(bytes: Buffer, tag: number): Buffer {
  const element = elementAt(bytes, 0);
  if (element.tag !== tag) throw new RangeError(`DER: tag ${element.tag} instead of ${tag}`);
  return element.content;
}

/** The value of an INTEGER of at most six bytes that is not negative. @throws {RangeError} */
export function derInteger(bytes: Buffer): number {
  const content = derContent(bytes, TAG.integer);
  return content.readUIntBE(0, content.length);
}

/** Unix ms of a UTCTime or GeneralizedTime as RFC 5280 allows them: with seconds, in UTC. */
export function derTime({ tag, content }: DerElement): number {
  const text = content.toString('latin1');
  // RFC 5280, 4.1.2.5.1: years from 50 on are of the last century.
  const full = tag === TAG.utcTime ? `${Number(text.slice(0, 2)) < 50 ? '20' : '19'}${text}` : text;
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(full);
  if (match === null) throw new RangeError('DER: not a time');
  const [, year, month, day, hour, minute, second] = match;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

function elementAt(bytes: Buffer, at: number): DerElement {
  const tag = bytes.readUInt8(at);
  const first = bytes.readUInt8(at + 1);
  const more = first < 0x80 ? 0 : first & 0x7f; // bytes of a long length
  if (first === 0x80 || more > 4) throw new RangeError('DER: a length that is not definite, or too long');
  const length = more === 0 ? first : bytes.readUIntBE(at + 2, more);
  const begin = at + 2 + more;
  if (begin + length > bytes.length) throw new RangeError('DER: cut off');
  return { tag, content: bytes.subarray(begin, begin + length), whole: bytes.subarray(at, begin + length) };
}
