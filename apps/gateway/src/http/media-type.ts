/** Which bodies there are to read: JSON, also when curl calls it a form, or nothing at all. */
import type { FastifyRequest } from 'fastify';

/** Whether a route, /push aside, can read what this request carries. */
export function isReadable({ method, headers: { 'content-type': type } }: FastifyRequest): boolean {
  if (method !== 'POST' || type === undefined) return true;
  return /^application\/(json|x-www-form-urlencoded)\s*(;\s*charset="?utf-8"?\s*)?$/i.test(type);
}
