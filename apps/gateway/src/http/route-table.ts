/** Which methods a path has. Fastify's own hasRoute() takes what a client sent for a pattern: `*` or `:` in it made it throw. */
import { getOrMake } from '../maps.js';

const CATCH_ALL = /^\/?\*$/;

export class RouteTable {
  readonly #paths = new Map<string, Set<string>>();
  readonly #patterns = new Map<string, { readonly pattern: RegExp; readonly methods: Set<string> }>();

  /** Adds a route as it is declared: `/api/random`, `/api/receipts/:index`, `/log/*`. Catch-alls of the framework are none. */
  add(methods: string | readonly string[], route: string): void {
    if (CATCH_ALL.test(route)) return;
    const known = this.#methodsOfRoute(route);
    for (const method of [methods].flat()) known.add(method);
  }

  /** The methods of the routes that match `path`, which may be anything. */
  methodsOf(path: string): ReadonlySet<string> {
    const methods = new Set(this.#paths.get(path));
    for (const route of this.#patterns.values()) {
      if (route.pattern.test(path)) for (const method of route.methods) methods.add(method);
    }
    return methods;
  }

  #methodsOfRoute(route: string): Set<string> {
    if (!/[:*]/.test(route)) return getOrMake(this.#paths, route, () => new Set<string>());
    return getOrMake(this.#patterns, route, () => ({ pattern: patternOf(route), methods: new Set<string>() }))
      .methods;
  }
}

/** A parameter is a part of the path between slashes, `*` all that follows. Both are linear to match. */
function patternOf(route: string): RegExp {
  const parts = route
    .split(/(:\w+|\*)/)
    .map((part) =>
      part === '*' ? '.*' : part.startsWith(':') ? '[^/]+' : part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'),
    );
  return new RegExp(`^${parts.join('')}$`);
}

/** The path of a request target, as the router finds it: without the query, and the scheme and host of an absolute form. */
export function pathOf(target: string): string {
  const [path = ''] = target.split('?', 1);
  return path.replace(/^https?:\/\/[^/]*/i, '');
}
