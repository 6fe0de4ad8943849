import type { LatencySummary } from './latency-record.ts';

/** How a replay ended: at the end of the workload, at its bound of time, or because somebody stopped it. */
export type ReplayEnd = 'complete' | 'time' | 'interrupted';

/** What one subject did with one workload. */
export interface ReplayResult {
  readonly subject: string;
  readonly end: ReplayEnd;
  readonly requests: number;
  readonly seconds: number;
  /** Requests a second. */
  readonly throughput: number;
  /** Requests answered from the cache. */
  readonly hits: number;
  /** Requests that waited for a load that another request had begun. */
  readonly joins: number;
  /** Times that the source was asked. */
  readonly loads: number;
  /** `hits / requests`, 0 to 1. */
  readonly hitRatio: number;
  /** `1 − loads / requests`, 0 to 1: hits, and joins too. */
  readonly loadsSaved: number;
  readonly latency: LatencySummary;
  readonly entries: number;
  /** What the heap grew by, garbage collected: the cache with its keys and values. */
  readonly memoryBytes: number;
}
