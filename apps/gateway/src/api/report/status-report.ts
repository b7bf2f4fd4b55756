/** Words out of numbers: what an operator asks first, and what is wrong. */
import type { CollectorStatus } from '../../collectors/collector-registry.js';
import { isFull, readyBytes } from '../../pool/pool.js';
import type { PoolLevel } from '../../pool/pool.js';
import { collectorWarnings, SILENT_MS } from './collector-warnings.js';

/** A pool that would be empty within this time is worth a warning. */
const SOON_SECS = 600;

export interface StatusInput {
  readonly level: PoolLevel;
  readonly fault: string | undefined;
  /** Bytes a second over the last minute, and milliseconds since bytes last came in, if they ever did. */
  readonly throughput: { readonly in: number; readonly out: number; readonly idleMs: number | undefined };
  readonly collectors: readonly CollectorStatus[];
  /** Unix milliseconds. */
  readonly now: number;
}

/** The warnings, the gravest first; none when all is well. */
export function warnings(input: StatusInput): string[] {
  return [
    ...poolWarnings(input),
    ...feedWarnings(input),
    ...input.collectors.flatMap((collector) => collectorWarnings(collector, input.now)),
  ];
}

/** Seconds until the pool is empty if all goes on as in the last minute; nothing when it does not shrink. */
export function secondsUntilEmpty({ level, throughput }: StatusInput): number | null {
  const loss = throughput.out - throughput.in;
  return loss > 0 ? Math.floor(level.bytes / loss) : null;
}

export function isFed({ throughput }: StatusInput): boolean {
  return throughput.idleMs !== undefined && throughput.idleMs < SILENT_MS;
}

function poolWarnings(input: StatusInput): string[] {
  const { level, fault } = input;
  const percent = Math.floor((level.bytes / level.capacity) * 100);
  const left = secondsUntilEmpty(input);
  return [
    ...(fault === undefined ? [] : [`Nothing can be admitted to the pool: ${fault}.`]),
    ...(level.bytes < readyBytes(level.capacity)
      ? [`The pool is filled to ${percent} %; below 5 % the gateway is not ready.`]
      : []),
    ...(left !== null && left < SOON_SECS ? [`At this rate the pool is empty in ${left} s.`] : []),
  ];
}

function feedWarnings(input: StatusInput): string[] {
  const { idleMs } = input.throughput;
  if (isFed(input) || isFull(input.level)) return [];
  if (idleMs === undefined) return ['No entropy has come since this gateway started.'];
  return [`No entropy has come for ${seconds(idleMs)} s.`];
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}
