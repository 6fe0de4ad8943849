import type { Spread } from './spread.ts';

/** What the micro-benchmarks found. */
export interface MicroResult {
  readonly kind: 'micro';
  readonly name: 'micro';
  readonly entries: number;
  readonly operationsPerRound: number;
  readonly rows: readonly MicroRow[];
  readonly memory: readonly MemoryRow[];
}

/** One subject beside the limit of its group. */
export interface MicroRow {
  readonly group: string;
  readonly subject: string;
  /** What it is measured against. */
  readonly limit: string;
  /** CPU time of the subject over that of the limit, within one round. */
  readonly ratio: Spread;
  /** Nanoseconds of CPU time for one operation. */
  readonly cpuNs: Spread;
  /** The ratio that the subject has promised to stay within; null = none. */
  readonly bound: number | null;
  /** The limit measured a second time: its spread is the noise. */
  readonly control: boolean;
  readonly rounds: number;
}

export interface MemoryRow {
  readonly subject: string;
  /** Over key and value. */
  readonly bytesPerEntry: number;
  readonly entries: number;
}
