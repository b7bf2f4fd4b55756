/** What only the client gets with its receipt, as the record of the log keeps it beside the entry. */
import type { ReceiptSecrets } from '#libs/tlog';

export function encodeSecrets({ salt, raw }: ReceiptSecrets): Buffer {
  return Buffer.from(JSON.stringify({ salt: salt.toString('base64'), raw: raw?.toString('base64') }));
}

export function decodeSecrets(text: Buffer): ReceiptSecrets {
  const { salt, raw } = JSON.parse(text.toString()) as { salt: string; raw?: string };
  return {
    salt: Buffer.from(salt, 'base64'),
    ...(raw === undefined ? {} : { raw: Buffer.from(raw, 'base64') }),
  };
}
