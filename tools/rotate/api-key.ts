/** Rotates an API key: a second one with the same rights under a name of its own, and later the end of the first. */
import { CommandError } from '#libs/command-line';
import type { KeyFileEntry } from '../../apps/gateway/src/clients/key-file.js';
import { digestOf, newKey, setDisabled } from '../keys/commands.js';

/** The entries as they become, and what to say; `key` is to be shown once. */
export interface ApiKeyStep {
  readonly entries: readonly object[];
  readonly key?: string;
  readonly message: string;
}

/**
 * @param expires when the new key ends, or `never`; to be given when the old one has an end.
 * @throws {CommandError} when there is no such key, or it has an end and the new one's is not given.
 */
export function beginApiKey(
  entries: readonly KeyFileEntry[],
  name: string,
  { again, expires }: { again: boolean; expires?: string | undefined },
): ApiKeyStep {
  const old = demand(entries, name);
  const successor = successorOf(entries, name);
  if (successor !== undefined && !again) {
    return {
      entries,
      message: `${successor.name} is there already; its key was shown when it was made. When the client uses it, run this with --finish (--again makes another).`,
    };
  }
  if (expires === undefined && old.expires) {
    throw new CommandError(
      `${name} expires on ${old.expires}: say when the new key does, --expires DATE or --expires never`,
    );
  }
  const next = nextName(entries, name);
  const key = newKey();
  const end = expires === 'never' ? undefined : expires;
  return {
    entries: [...entries, { name: next, sha256: digestOf(key), ...rightsOf(old), expires: end }],
    key,
    message: `Added ${next} with the rights of ${name}. When the client uses it, run this with --finish.`,
  };
}

/** @throws {CommandError} when there is no such key, or none that follows it. */
export function finishApiKey(entries: readonly KeyFileEntry[], name: string): ApiKeyStep {
  const old = demand(entries, name);
  const successor = successorOf(entries, name);
  if (successor === undefined) {
    throw new CommandError(
      `No key follows ${name}: run this without --finish first, or use npm run keys -- disable ${name}.`,
    );
  }
  if (old.disabled === true) return { entries, message: `${name} is disabled already: nothing to do.` };
  return {
    entries: setDisabled(entries, name, true),
    message: `Disabled ${name}; ${successor.name} takes its place. npm run keys -- revoke ${name} removes its entry.`,
  };
}

function rightsOf({ scopes, bytesPerDay, requestsPerMinute }: KeyFileEntry): object {
  return { scopes, bytesPerDay, requestsPerMinute };
}

/** The latest enabled key of the same client: NAME-2, NAME-3 ... */
function successorOf(entries: readonly KeyFileEntry[], name: string): KeyFileEntry | undefined {
  const [client, number] = split(name);
  return entries.findLast((entry) => {
    const [other, later] = split(entry.name);
    return other === client && later > number && entry.disabled !== true;
  });
}

function nextName(entries: readonly KeyFileEntry[], name: string): string {
  const [client] = split(name);
  const numbers = entries.map((entry) => split(entry.name)).filter(([other]) => other === client);
  return `${client}-${Math.max(...numbers.map(([, number]) => number)) + 1}`;
}

/** `lottery-3` is the third key of lottery; a name without a number is the first. */
function split(name: string): [client: string, number: number] {
  const match = /^(.+)-([2-9]|[1-9]\d{1,5})$/.exec(name);
  return [match?.[1] ?? name, Number(match?.[2] ?? 1)];
}

function demand(entries: readonly KeyFileEntry[], name: string): KeyFileEntry {
  const found = entries.find((entry) => entry.name === name);
  if (found === undefined) throw new CommandError(`there is no key named ${name}`);
  return found;
}
