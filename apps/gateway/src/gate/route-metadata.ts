/** What decorators say of the route that a request meets, looked up once for each route: Reflector is slow. */
import type { ExecutionContext } from '@nestjs/common';

export class RouteMetadata<T> {
  readonly #values = new Map<unknown, T | undefined>();

  constructor(private readonly read: (context: ExecutionContext) => T | undefined) {}

  /** What the handler's decorator says, else the controller's. */
  of(context: ExecutionContext): T | undefined {
    const handler = context.getHandler();
    const known = this.#values.get(handler);
    if (known !== undefined || this.#values.has(handler)) return known;
    const value = this.read(context);
    this.#values.set(handler, value);
    return value;
  }
}
