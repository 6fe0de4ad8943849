import type { Sabotage } from '../sabotage/sabotage.ts';

/** What a worker needs to know. */
export interface WorkerSettings {
  /** Counts the workers that were ever started: one that takes the place of a killed one has a number of its own. */
  readonly incarnation: number;
  /** The server under test, as this worker reaches it. */
  readonly url: string;
  /** The server with the truth. */
  readonly sourceUrl: string;
  readonly seed: number;
  readonly operationsPerSecond: number;
  /** Share of operations that change something, from 0 to 1. */
  readonly writeShare: number;
  readonly maxStalenessMs: number;
  readonly sabotage: Sabotage | null;
}

/** What the parent says. */
export type ToWorker =
  | { readonly say: 'start'; readonly settings: WorkerSettings }
  | { readonly say: 'stop' };

/** Counters of one worker, as its cache has them; sums over its life. */
export interface WorkerTotals {
  readonly hits: number;
  readonly misses: number;
  readonly staleHits: number;
  readonly loads: number;
  readonly joins: number;
  readonly refusedFills: number;
  readonly storeErrors: number;
  readonly storeTimeouts: number;
  readonly storeSkips: number;
  readonly unreadable: number;
  readonly breakerOpenings: number;
  readonly flushes: Readonly<Record<string, number>>;
}

/** What a worker says. */
export type FromWorker =
  /** It is there, and this is what its clock says. */
  | { readonly say: 'here'; readonly nowMs: number }
  | { readonly say: 'started' }
  /** All that has happened up to `untilMs`, but for reads that have not ended. */
  | {
      readonly say: 'rows';
      readonly rows: Float64Array;
      readonly untilMs: number;
      readonly operations: number;
      readonly totals: WorkerTotals;
    }
  | { readonly say: 'trouble'; readonly rule: TroubleRule; readonly text: string; readonly atMs: number }
  /** The machine had no time for it, or it was stopped. */
  | { readonly say: 'starved'; readonly startMs: number; readonly endMs: number }
  | { readonly say: 'done' };

/** What no worker may ever see. */
export type TroubleRule = 'read-rejected' | 'wrong-value' | 'never-settled' | 'bad-rejection';
