/** What Nest itself has to say: its tour of modules and routes at each start is for developers, so it is logged as debug. */
import { Logger } from 'nestjs-pino';

export class FrameworkLogger extends Logger {
  override log(message: unknown, ...rest: unknown[]): void {
    this.debug(message, ...rest);
  }
}
