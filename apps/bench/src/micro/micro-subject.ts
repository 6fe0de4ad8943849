import type { RedisPlace } from '../store/redis-service.ts';

/** What all subjects of a process are given alike. */
export interface MicroSetup {
  /** The keys that are in the cache when a round of reads begins; it holds so many entries and no more. */
  readonly keys: readonly string[];
  /** What is asked for in one round, in this order: reads of `keys`. */
  readonly reads: readonly string[];
  /**
   * What is written in one round of inserts, so many different keys that none is still there when it comes again; empty
   * where nothing is inserted.
   */
  readonly inserts: readonly string[];
  readonly ttlMs: number;
  /** Where a subject on Redis keeps its entries; null for one in memory. */
  readonly redis: RedisPlace | null;
}

/** Small, so that it is the cache that is measured. */
export interface MicroValue {
  readonly n: number;
}

/**
 * A part of a round: the keys at the places `from` up to, but not including, `to` of `reads` or `inserts`. Answers the
 * sum of the `n` of what was read or written, which keeps the work from being optimised away and shows a wrong value.
 */
export type Loop = (from: number, to: number) => number | Promise<number>;

/**
 * Makes a cache and answers the loop to be measured. The loops are written out one by one, all in the same shape, and
 * each runs in a process of its own: what the compiler learns from one is never used for another.
 */
export type MicroSubject = (setup: MicroSetup) => Loop | Promise<Loop>;

/** The value of the key at this place. */
export function microValue(place: number): MicroValue {
  return { n: place % 7 };
}
