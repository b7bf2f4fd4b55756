/** The logger of the process, pino, also while Nest builds the application. What Nest itself says is for developers: debug. */
import { Logger, PinoLogger } from 'nestjs-pino';
import type { Params } from 'nestjs-pino';
import { logDestination } from '#libs/log';
import { LOG_CONTEXT } from './log-events.js';

/** Nest logs what the creation of an application throws; start.ts reports it with its remedy. */
const REPORTED_ELSEWHERE = 'ExceptionHandler';

export function loggerParams(level: string): Params {
  return { pinoHttp: [{ level, autoLogging: false }, logDestination()], forRoutes: [] };
}

/** Has the loggers of this process write lines of `level` and above. */
export function useLogLevel(level: string): void {
  PinoLogger.root.level = level;
}

export class FrameworkLogger extends Logger {
  /** @param level QRNG_LOG_LEVEL. */
  constructor(level: string) {
    super(new PinoLogger(loggerParams(level)), {});
  }

  override log(message: unknown, ...rest: unknown[]): void {
    if (rest.at(-1) === LOG_CONTEXT) super.log(message, ...rest);
    else this.debug(message, ...rest);
  }

  override error(message: unknown, ...rest: unknown[]): void {
    if (rest.at(-1) === REPORTED_ELSEWHERE) this.debug(message, ...rest);
    else super.error(message, ...rest);
  }
}
