import { LatencyHistogram, type LatencySnapshot } from './latency-histogram.ts';

/** The operations whose latency is kept. */
const TIMED_OPERATIONS = [
  'hit',
  'load',
  'storeRead',
  'storeLease',
  'storeFill',
  'storeWrite',
  'storeInvalidate',
] as const;
export type TimedOperation = (typeof TIMED_OPERATIONS)[number];

/** A hit is timed once in this many: timing each would cost half as much again as the hit itself. */
export const HITS_PER_SAMPLE = 1024;

/** Counters since the cache was created. All are whole numbers unless they say otherwise. */
export interface CacheStatistics {
  /** Reads that found a fresh value. */
  readonly hits: number;
  /** Reads that found nothing fresh, those served a stale value included. */
  readonly misses: number;
  /** Reads that were answered with a stale value. */
  readonly staleHits: number;
  /** `hits / (hits + misses)`, from 0 to 1; 0 before the first read. */
  readonly hitRate: number;
  /** Runs of a loader. */
  readonly loads: number;
  readonly loadErrors: number;
  /** Readers that waited for somebody else's load in this process. */
  readonly joins: number;
  /** Loaded values that were not stored because an invalidation, or another's fill, had come between. */
  readonly refusedFills: number;
  readonly sets: number;
  readonly deletes: number;
  /** Tags, namespaces and clears. */
  readonly invalidations: number;
  readonly evictions: number;
  readonly expirations: number;
  /** Entries in the store that could not be read. */
  readonly unreadable: number;
  /** Cached values that did not match the schema of a read. */
  readonly invalidValues: number;
  /** Store calls that failed, time-outs included; and those that were skipped because the breaker was open. */
  readonly storeErrors: number;
  readonly storeTimeouts: number;
  readonly storeSkips: number;
  /** Times that memory was emptied because the bus could not vouch for it, by cause. */
  readonly flushes: Readonly<Record<string, number>>;
  /** Keys that something is under way for now. */
  readonly inFlight: number;
  /** Entries and bytes in this process's memory, of all caches on the store; bytes are an estimate unless `sizeOf` is given. */
  readonly entries: number;
  readonly bytes: number;
  /** Milliseconds. `hit` is a sample of one in 1,024; everything else is timed always. */
  readonly latency: Readonly<Record<TimedOperation, LatencySnapshot>>;
}

/** The counters of one manager and all its views. Plain fields: the hit path writes one of them. */
export class Counters {
  /** The manager has closed. Stands here because the hit path of every view has this object at hand. */
  closed = false;
  hits = 0;
  misses = 0;
  staleHits = 0;
  loads = 0;
  loadErrors = 0;
  joins = 0;
  refusedFills = 0;
  sets = 0;
  deletes = 0;
  invalidations = 0;
  unreadable = 0;
  invalidValues = 0;
  readonly latency: Readonly<Record<TimedOperation, LatencyHistogram>> = histograms();
}

/** The counters of one store and what hangs on it, shared by all managers on it. */
export class StoreCounters {
  errors = 0;
  timeouts = 0;
  skips = 0;
  readonly flushes = new Map<string, number>();

  flushed(cause: string): void {
    this.flushes.set(cause, (this.flushes.get(cause) ?? 0) + 1);
  }
}

function histograms(): Record<TimedOperation, LatencyHistogram> {
  const entries = TIMED_OPERATIONS.map((operation) => [operation, new LatencyHistogram()] as const);
  return Object.fromEntries(entries) as Record<TimedOperation, LatencyHistogram>;
}

export function snapshotLatency(
  latency: Readonly<Record<TimedOperation, LatencyHistogram>>,
): Record<TimedOperation, LatencySnapshot> {
  const entries = TIMED_OPERATIONS.map((operation) => [operation, latency[operation].snapshot()] as const);
  return Object.fromEntries(entries) as Record<TimedOperation, LatencySnapshot>;
}
