/** What the decorators of a route ask of those who call it, looked up once for each route: Reflector is slow. */
import { Injectable } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Scope } from '../clients/client.js';
import { PUBLIC } from './public.decorator.js';
import { routeThrottle } from './route-throttle.js';
import type { RouteThrottle } from './route-throttle.js';
import { REQUIRED_SCOPES } from './scopes.decorator.js';

interface Rules {
  readonly isPublic: boolean;
  readonly throttle: RouteThrottle | undefined;
  /** Any one of them is enough; undefined: any key is. */
  readonly scopes: readonly Scope[] | undefined;
}

@Injectable()
export class RouteRules {
  readonly #known = new Map<unknown, Rules>();

  constructor(private readonly reflector: Reflector) {}

  /** What the handler's decorators say, else the controller's. */
  of(context: ExecutionContext): Rules {
    const handler = context.getHandler();
    const known = this.#known.get(handler);
    if (known !== undefined) return known;
    const read = (key: string): unknown =>
      this.reflector.getAllAndOverride(key, [handler, context.getClass()]);
    const rules = {
      isPublic: read(PUBLIC) === true,
      throttle: routeThrottle(`${context.getClass().name}.${handler.name}`, read),
      scopes: read(REQUIRED_SCOPES) as Scope[] | undefined,
    };
    this.#known.set(handler, rules);
    return rules;
  }
}
