import { LRUCache } from 'lru-cache';
import type { TableKey } from './table-key.ts';

/** What a walk meets. */
export interface Slot {
  readonly key: TableKey;
  /** Until the entry is over by lru-cache's reckoning; 0 or less: it is. `Infinity`: it has no end. */
  readonly remainingMs: number;
}

/**
 * Goes once through everything in an lru-cache, and may rest anywhere for as long as it likes. What is there from its
 * beginning to its end is met exactly once, whatever is used, stored and removed meanwhile.
 *
 * lru-cache's own iterators follow the order of use: one that rests at an entry which is then used, or removed and its
 * slot given to another, ends early or begins anew, for ever if the one who walks is the one who uses. An entry keeps
 * its slot for life, hence the look inside.
 */
export class SlotWalk {
  readonly #keys: readonly (TableKey | undefined)[];
  readonly #starts: readonly number[] | undefined;
  readonly #ttls: readonly number[] | undefined;
  #at = 0;

  constructor(lru: LRUCache<TableKey, unknown & {}>) {
    const { keyList, starts, ttls } = LRUCache.unsafeExposeInternals(lru);
    this.#keys = keyList;
    this.#starts = starts;
    this.#ttls = ttls;
  }

  /** True until every slot has been looked at. */
  get hasMore(): boolean {
    return this.#at < this.#keys.length;
  }

  /** What is in the next slot; null where that is empty. */
  next(nowMs: number): Slot | null {
    const at = this.#at++;
    const key = this.#keys[at];
    if (key === undefined) return null;
    const ttl = this.#ttls?.[at] ?? 0;
    return { key, remainingMs: ttl === 0 ? Infinity : ttl - (nowMs - (this.#starts?.[at] ?? 0)) };
  }
}
