/**
 * The first member that an object of this JSON text names twice, at any depth, as it is written there. JSON.parse takes the last
 * one, other readers the first: what two readers understand differently is refused instead.
 */
export function repeatedMember(json: string): string | undefined {
  const open: Set<string>[] = [];
  for (const [token, string, colon] of json.matchAll(/("(?:[^"\\]|\\.)*")\s*(:)?|[{}]/g)) {
    if (token === '{') open.push(new Set());
    else if (token === '}') open.pop();
    else if (string !== undefined && colon !== undefined) {
      const name = JSON.parse(string) as string; // "a" is the same member
      const names = open.at(-1);
      if (names?.has(name) === true) return string;
      names?.add(name);
    }
  }
  return undefined;
}
