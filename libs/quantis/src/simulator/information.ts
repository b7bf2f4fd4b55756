/** The appliance's routes beside streambytes: numbers in JSON, and texts that say what it is. */
import { randomBytes, randomInt } from 'node:crypto';

const MAX_NUMBERS = 100_000;

export interface Answer {
  type: 'application/json' | 'text/plain';
  body: string;
}

const texts: Record<string, string> = {
  systeminfo:
    'SIMULATED Quantis appliance. Its bytes come from the generator of the operating system, not from quantum effects.\n',
  firmwareinfo: 'simulated, no firmware\n',
  softwareinfo: 'simulated, qrng-dd\n',
};

/**
 * The answer of `/api/2.0/<route>`; undefined when there is no such route.
 *
 * @throws {RangeError} on a bad parameter.
 */
export function information(
  route: string,
  query: URLSearchParams,
  bytesPerSecond: number,
): Answer | undefined {
  const text = Object.hasOwn(texts, route) ? texts[route] : undefined;
  if (text !== undefined) return { type: 'text/plain', body: text };
  if (route === 'performance') return { type: 'text/plain', body: String((bytesPerSecond * 8) / 1e6) };
  const numbers = numbersOf(route, query);
  return numbers && { type: 'application/json', body: JSON.stringify(numbers) };
}

function numbersOf(route: string, query: URLSearchParams): unknown[] | undefined {
  const number = (name: string, fallback: number): number =>
    numberOf(query.get(name) ?? String(fallback), name);
  const quantity = number('quantity', 1);
  if (!Number.isInteger(quantity) || quantity < 1 || quantity > MAX_NUMBERS) throw new RangeError('quantity');
  const make = <T>(one: () => T): T[] => Array.from({ length: quantity }, one);
  const integers = (bits: number): number[] => {
    const [min, max] = [number('min', -(2 ** (bits - 1))), number('max', 2 ** (bits - 1) - 1)];
    if (!Number.isInteger(min) || !Number.isInteger(max) || min > max) throw new RangeError('min, max');
    return make(() => randomInt(min, max + 1));
  };
  const reals = (round: (value: number) => number): number[] => {
    const [min, max] = [number('min', 0), number('max', 1)];
    return make(() => round(min + (max - min) * (randomInt(2 ** 47) / 2 ** 47)));
  };
  switch (route) {
    case 'hexbytes': {
      const length = number('dataLength', 1);
      if (!Number.isInteger(length) || length < 1 || length > 1024) throw new RangeError('dataLength');
      return make(() => randomBytes(length).toString('hex'));
    }
    case 'int':
      return integers(32);
    case 'short':
      return integers(16);
    case 'double':
      return reals((value) => value);
    case 'float':
      return reals(Math.fround);
    default:
      return undefined;
  }
}

function numberOf(text: string, name: string): number {
  if (!/^-?\d{1,15}(\.\d{1,15})?$/.test(text)) throw new RangeError(name);
  return Number(text);
}
