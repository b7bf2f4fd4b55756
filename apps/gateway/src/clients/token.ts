/** The characters of an API key or another token that a request carries (RFC 6750, section 2.1: b64token). */

export const TOKEN = '[A-Za-z0-9._~+/-]+=*';

export function isToken(value: unknown, min: number, max: number): boolean {
  return typeof value === 'string' && new RegExp(`^(?=.{${min},${max}}$)${TOKEN}$`).test(value);
}
