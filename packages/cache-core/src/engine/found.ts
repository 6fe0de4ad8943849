import type { CacheEntry } from '../contracts/options.ts';
import type { StampName } from '../contracts/stamp.ts';

/** An entry that a reader has found, in memory, in the store or by a load. Milliseconds from now. */
export interface Found {
  readonly value: unknown;
  readonly source: 'l1' | 'l2' | 'loader';
  /** 0 or less: stale, for that long. */
  readonly freshMs: number;
  readonly keptMs: number;
  readonly ttlMs: number;
  readonly graceMs: number;
  readonly loadMs: number;
  readonly tags: readonly StampName[];
}

export function isStale(found: Found): boolean {
  return found.freshMs <= 0;
}

/** What a caller sees of it. */
export function toCacheEntry<T>(found: Found, tagPrefix: string): CacheEntry<T> {
  return {
    value: found.value as T,
    stale: found.source !== 'loader' && isStale(found),
    source: found.source,
    freshMs: Math.max(0, found.freshMs),
    keptMs: Math.max(0, found.keptMs),
    tags: found.tags.map((name) => name.slice(tagPrefix.length)),
  };
}
