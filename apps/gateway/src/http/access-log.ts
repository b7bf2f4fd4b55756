/**
 * The access log: one line for each request, in the form of pino's lines. It is written as one string, since pino's own
 * serialising was the dearest function of a small request (docs/performance.md).
 */
import { hostname } from 'node:os';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { logDestination } from '#libs/log';
import type { GatewaySettings } from '../settings.js';
import { StrangersLines } from './strangers-lines.js';

/** pino's number for `info`, and the levels at which such lines are written. */
const INFO = 30;
const WRITTEN_AT = ['info', 'debug', 'trace'];
/** How often lines that were left out are summed up. */
const SUM_UP_MS = 60_000;

export interface AccessLog {
  /** Logs a request that was answered. Names and addresses are quoted; nothing else that a client sent is in it. */
  write: (request: FastifyRequest, reply: FastifyReply, method: string) => void;
  close: () => void;
}

/**
 * The access log, which is written while the settings ask for it.
 *
 * @param now a clock in milliseconds that never goes back.
 * @param onLeftOut called for each line of a stranger that is left out.
 */
export function accessLog(
  settings: Readonly<GatewaySettings>,
  now: () => number,
  onLeftOut: () => void,
): AccessLog {
  const isOn = (): boolean =>
    settings.QRNG_ACCESS_LOG === 'on' && WRITTEN_AT.includes(settings.QRNG_LOG_LEVEL);
  const destination = logDestination();
  const strangers = new StrangersLines();
  const process_ = `"pid":${process.pid},"hostname":${JSON.stringify(hostname())},"context":"access"`;
  const begin = (): string => `{"level":${INFO},"time":${Date.now()},${process_}`;

  const sumUp = (): void => {
    const leftOut = strangers.takeLeftOut();
    if (leftOut === undefined) return;
    const { count, statuses } = leftOut;
    destination.write(
      `${begin()},"event":"requests-left-out","count":${count},"statuses":${JSON.stringify(statuses)}` +
        ',"msg":"requests of strangers beyond the lines that one source may cause"}\n',
    );
  };
  const timer = setInterval(sumUp, SUM_UP_MS).unref();

  return {
    write: (request, reply, method) => {
      if (!isOn()) return;
      const { client, ip } = request;
      const isStranger = client === undefined && request.packet === undefined;
      if (isStranger && !strangers.admits(ip, reply.statusCode, now())) {
        onLeftOut();
        return;
      }
      const bytes = reply.getHeader('content-length');
      destination.write(
        `${begin()},"event":"request","requestId":"${request.id}"` +
          `,"route":${JSON.stringify(request.route)},"method":"${method}","status":${reply.statusCode}` +
          `,"ms":${reply.elapsedTime.toFixed(3)},"source":${JSON.stringify(ip)}` +
          (bytes === undefined ? '' : `,"bytes":${Number(bytes)}`) +
          (client === undefined ? '' : `,"client":${JSON.stringify(client.name)}`) +
          ',"msg":"request"}\n',
      );
    },
    close: () => {
      clearInterval(timer);
      sumUp();
    },
  };
}
