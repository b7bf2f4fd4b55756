/** The replay state in words: each position, when it heals, and why a collector is refused until then. */
import type { FreshnessWindow } from '../../apps/gateway/src/pool/replay/freshness.js';
import { forgottenAt } from '../../apps/gateway/src/pool/replay/replay-state.js';
import type { Position } from '../../apps/gateway/src/pool/replay/replay-state.js';

export interface ReplayReport {
  /** The clock that counts: this machine's, or Redis'. Unix ms. */
  readonly now: number;
  /** Nothing exposed before it is taken. */
  readonly floor: number;
  readonly positions: readonly PositionReport[];
  /** What is wrong with all collectors, or worth knowing of the state. */
  readonly notes: readonly string[];
}

export interface PositionReport {
  readonly collector: string;
  /** The last packet taken; none after `forget`. */
  readonly boot?: string;
  readonly sequence?: string;
  /** The latest timestamp taken, and the floor of this collector alone; Unix ms. */
  readonly newest: number;
  readonly floor: number;
  /** When the position is forgotten if nothing is taken until then. */
  readonly forgottenAt: number;
  /** What keeps packets of it out. */
  readonly refused: readonly string[];
}

export function reportOf(
  state: { readonly floor: number; readonly positions: ReadonlyMap<string, Position> },
  window: FreshnessWindow,
  now: number,
  notes: readonly string[],
): ReplayReport {
  const ahead = state.floor > now + window.skewMs;
  const all = `all packets are refused (422) that were exposed before ${date(state.floor)}: a clock was ahead when the state began`;
  return {
    now,
    floor: state.floor,
    positions: [...state.positions].map(([collector, one]) => positionOf(collector, one, window, now)),
    notes: ahead ? [all, ...notes] : notes,
  };
}

function positionOf(collector: string, one: Position, window: FreshnessWindow, now: number): PositionReport {
  const last = one.recent.at(-1);
  const until = forgottenAt(one, window);
  return {
    collector,
    ...(last === undefined ? {} : { boot: `${last.boot}`, sequence: `${last.sequence}` }),
    newest: one.newest,
    floor: one.floor,
    forgottenAt: until,
    refused: [
      ...(last === undefined
        ? []
        : [
            `409: every packet whose boot and sequence are not above ${last.boot}/${last.sequence}` +
              (Number(last.boot) > now + window.skewMs
                ? `, which began in the future: no honest run is above it before ${date(until)}`
                : ''),
          ]),
      ...(one.floor > now ? [`422: whatever was exposed before ${date(one.floor)}`] : []),
    ],
  };
}

/** Lines for a terminal. */
export function reportLines({ now, floor, positions, notes }: ReplayReport): string[] {
  return [
    `floor ${date(floor)}: nothing exposed before it is taken (422)`,
    ...notes,
    ...(positions.length === 0 ? ['no collector has a position'] : []),
    ...positions.flatMap(({ collector, boot, sequence, newest, forgottenAt, refused }) => [
      `${collector}: ${boot === undefined ? 'forgotten' : `boot ${boot}, sequence ${sequence ?? ''}`}, last packet stamped ${ago(newest, now)}`,
      ...refused.map((line) => `  ${line}`),
      `  forgotten at ${date(forgottenAt)} unless something of it is taken; qrng-dd replay forget ${collector}: at once`,
    ]),
  ];
}

function ago(at: number, now: number): string {
  const secs = Math.round(Math.abs(now - at) / 1000);
  return `${date(at)} (${secs} s ${at > now ? 'AHEAD of the clock' : 'ago'})`;
}

function date(at: number): string {
  return Number.isFinite(at) && Math.abs(at) < 8.64e15 ? new Date(at).toISOString() : `${at} ms`;
}
