/**
 * The access log: one line for each request, in the form of pino's lines. It is written as one string, since pino's own
 * serialising was the dearest function of a small request (docs/performance.md).
 */
import { hostname } from 'node:os';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { logDestination } from '#libs/log';
import type { GatewaySettings } from '../settings.js';

/** pino's number for `info`, and the levels at which such lines are written. */
const INFO = 30;
const WRITTEN_AT = ['info', 'debug', 'trace'];

/** Logs a request that was answered. Names and addresses are quoted; nothing else that a client sent is in it. */
export type AccessLog = (request: FastifyRequest, reply: FastifyReply, method: string) => void;

/** The access log that the settings ask for; nothing when there is none. */
export function accessLog(settings: Readonly<GatewaySettings>): AccessLog | undefined {
  if (settings.QRNG_ACCESS_LOG === 'off' || !WRITTEN_AT.includes(settings.QRNG_LOG_LEVEL)) return undefined;
  const destination = logDestination();
  const process_ = `"pid":${process.pid},"hostname":${JSON.stringify(hostname())},"context":"access"`;
  return (request, reply, method) => {
    const { client } = request;
    const bytes = reply.getHeader('content-length');
    destination.write(
      `{"level":${INFO},"time":${Date.now()},${process_},"event":"request","requestId":"${request.id}"` +
        `,"route":${JSON.stringify(request.route)},"method":"${method}","status":${reply.statusCode}` +
        `,"ms":${reply.elapsedTime.toFixed(3)},"source":${JSON.stringify(request.ip)}` +
        (bytes === undefined ? '' : `,"bytes":${Number(bytes)}`) +
        (client === undefined ? '' : `,"client":${JSON.stringify(client.name)}`) +
        ',"msg":"request"}\n',
    );
  };
}
