/** Addresses and CIDR ranges of proxies, as `QRNG_TRUST_PROXY` lists them. */
import { isIP } from 'node:net';

/** Whether `text` is `off`, an IP address, or a CIDR range such as 10.0.0.0/8; not everybody (/0). */
export function isAddressRange(text: string): boolean {
  if (text === 'off') return true;
  const [address = '', prefix, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return (
    prefix === undefined || (/^[1-9]\d{0,2}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128))
  );
}
