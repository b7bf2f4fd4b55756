/**
 * Finds fields that a schema does not know. Kubernetes' OpenAPI schemas allow unknown fields, and so a misspelt
 * `readOnlyRootFilesystem` would pass; but a validator compiled from a schema reads each field that it knows.
 */

/** The paths, such as `spec.replicas`, of the fields of `value` that `validate` never reads. */
export function unreadFields<T extends object>(value: T, validate: (watched: T) => void): string[] {
  const read = new Set<string>();
  const watch = <V>(node: V, path: string): V => {
    if (typeof node !== 'object' || node === null) return node;
    return new Proxy(node, {
      get(target, key, receiver) {
        const child: unknown = Reflect.get(target, key, receiver);
        if (typeof key !== 'string' || !Object.hasOwn(target, key)) return child;
        read.add(`${path}${key}`);
        return watch(child, `${path}${key}.`);
      },
    });
  };
  validate(watch(value, ''));
  return paths(value, '').filter((path) => !read.has(path));
}

function paths(value: unknown, prefix: string): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => [
    `${prefix}${key}`,
    ...paths(child, `${prefix}${key}.`),
  ]);
}
