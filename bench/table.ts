/** The rows of the table: how they are measured, and how they are printed. */
import type { Setup } from './setup.js';

/** One candidate in one row. Rates are medians of the rounds; `ratio` is to the row's first candidate. */
export interface Line {
  readonly row: string;
  readonly candidate: string;
  /** Per second, in `unit`. */
  readonly rate?: number;
  readonly unit?: string;
  readonly ratio?: number;
  /** Processor time of the server for each unit, in microseconds. */
  readonly cpuUs?: number;
  /** The same of the round in which it was lowest: what else runs on the machine adds to it, and nothing takes from it. */
  readonly leastCpuUs?: number;
  readonly p50Ms?: number;
  readonly p99Ms?: number;
}

/** A promise of docs/performance.md beside what this run measured. */
export interface Target {
  readonly what: string;
  readonly bound: 'at least' | 'at most';
  readonly wanted: number;
  readonly measured: number;
}

export interface Report {
  readonly lines: readonly Line[];
  readonly targets: readonly Target[];
}

/** A row, with the name to choose it by. */
export interface Row {
  readonly name: string;
  /** @throws {Error} when a candidate answers wrongly. */
  readonly run: (setup: Setup) => Promise<Report>;
}

/** Whether the target was reached in this run. */
function isMet({ bound, wanted, measured }: Target): boolean {
  return bound === 'at least' ? measured >= wanted : measured <= wanted;
}

/** The lines as a Markdown table, which is also readable in a terminal. */
export function formatLines(lines: readonly Line[]): string {
  const head = ['row', 'candidate', 'rate /s', 'ratio', 'CPU us', 'least', 'p50 ms', 'p99 ms'];
  const rows = lines.map((line) => [
    line.row,
    line.candidate,
    `${format(line.rate)} ${line.unit ?? ''}`.trim(),
    format(line.ratio, 2),
    format(line.cpuUs),
    format(line.leastCpuUs),
    format(line.p50Ms, 2),
    format(line.p99Ms, 2),
  ]);
  return formatTable(head, rows);
}

/** The targets as a Markdown table. */
export function formatTargets(targets: readonly Target[]): string {
  const rows = targets.map((target) => [
    target.what,
    `${target.bound} ${target.wanted}`,
    format(target.measured, 2),
    isMet(target) ? 'met' : 'MISSED',
  ]);
  return formatTable(['target', 'wanted', 'measured', ''], rows);
}

function formatTable(head: string[], rows: string[][]): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

function format(value: number | undefined, digits = value !== undefined && value < 100 ? 1 : 0): string {
  return value === undefined ? '' : value.toFixed(digits);
}
