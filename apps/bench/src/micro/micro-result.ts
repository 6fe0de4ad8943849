import type { StoreName } from '../store/store-name.ts';
import type { Spread } from './spread.ts';

/** What the micro-benchmarks of one store found. */
export interface MicroResult {
  readonly kind: 'micro';
  readonly name: 'micro';
  readonly store: StoreName;
  readonly rows: readonly MicroRow[];
  /** Of memory alone. */
  readonly memory: readonly MemoryRow[];
  /** Of a store that has a server. */
  readonly commands: readonly CommandRow[];
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
  /** Nanoseconds by the clock on the wall, the server's work and the way there included. */
  readonly wallNs: Spread;
  /** The ratio that the subject has promised to stay within; null = none. */
  readonly bound: number | null;
  /** The limit measured a second time: its spread is the noise. */
  readonly control: boolean;
  readonly rounds: number;
  readonly entries: number;
  readonly operationsPerRound: number;
}

/** What an operation makes the server do, as the server itself counts. */
export interface CommandRow {
  readonly operation: string;
  readonly operations: number;
  /** How often each command ran, by name; those that scripts ran are among them. */
  readonly commands: Readonly<Record<string, number>>;
  /** What was expected, and came; false = the server is not ours alone, and its counts cannot be told apart. */
  readonly certain: boolean;
}

export interface MemoryRow {
  readonly subject: string;
  /** Over key and value. */
  readonly bytesPerEntry: number;
  readonly entries: number;
}
