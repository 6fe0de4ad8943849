import type { Lane, StoreName } from '../store/store-name.ts';
import type { LatencySummary } from './latency-record.ts';

/** How a replay ended: at the end of the workload, at its bound of time, or because somebody stopped it. */
export type ReplayEnd = 'complete' | 'time' | 'interrupted';

/** What one subject did with one workload. */
export interface ReplayResult {
  readonly subject: string;
  /** Null where nothing is kept. */
  readonly store: StoreName | null;
  readonly lane: Lane | null;
  readonly end: ReplayEnd;
  readonly requests: number;
  readonly seconds: number;
  /** Requests a second. */
  readonly throughput: number;
  /** Requests answered from the cache. */
  readonly hits: number;
  /** Those of them that the shared store answered; the others came from this process's memory. */
  readonly l2Hits: number;
  /** Requests that waited for a load that another request had begun. */
  readonly joins: number;
  /** Times that the source was asked. */
  readonly loads: number;
  /** `hits / requests`, 0 to 1. */
  readonly hitRatio: number;
  /** `1 − loads / requests`, 0 to 1: hits, and joins too. */
  readonly loadsSaved: number;
  readonly latency: LatencySummary;
  /** In this process's memory, at the end. */
  readonly entries: number;
  /** Calls to the shared store that failed or took too long; the requests were answered all the same. */
  readonly storeErrors: number;
  /** What the heap grew by, garbage collected: the cache with its keys and values. What a shared store holds is not in it. */
  readonly memoryBytes: number;
}
