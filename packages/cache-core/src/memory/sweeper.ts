import type { LRUCache } from 'lru-cache';
import type { Clock, Scheduled } from '../contracts/clock.ts';
import type { MemoryEntry, TableKey } from './memory-entry.ts';

/** What is swept. */
export interface Sweepable {
  readonly clock: Clock;
  readonly lru: LRUCache<TableKey, unknown & {}>;
  /** Takes out an entry whose time is over. */
  expire(key: TableKey): void;
}

const SLICE_MS = 1;
/** Entries looked at between two looks at the clock. */
const STRIDE = 64;

/**
 * Takes out what has expired, and what a cleared namespace left behind, in slices of at most a millisecond, so that
 * memory comes back without anybody asking and without anybody waiting. There is no timer while nothing can expire.
 */
export class Sweeper {
  readonly #table: Sweepable;
  readonly #intervalMs: number;
  #timer: Scheduled | null = null;
  #walk: Iterator<TableKey> | null = null;
  #walked: object | null = null;
  #sawExpiring = false;
  readonly #leftBehind: Iterator<MemoryEntry>[] = [];

  constructor(table: Sweepable, intervalMs: number) {
    this.#table = table;
    this.#intervalMs = intervalMs;
  }

  /** Something has been stored that will expire. */
  expect(): void {
    if (this.#timer === null && this.#intervalMs !== Infinity) this.#arm(this.#intervalMs);
  }

  reclaim(entries: Iterator<MemoryEntry>): void {
    this.#leftBehind.push(entries);
    this.#timer?.cancel();
    this.#arm(0);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#walk = null;
    this.#leftBehind.length = 0;
  }

  #arm(delayMs: number): void {
    this.#timer = this.#table.clock.schedule(() => this.#slice(), delayMs, { ref: false });
  }

  #slice(): void {
    this.#timer = null;
    const { clock } = this.#table;
    const endMs = clock.now() + SLICE_MS;
    do {
      if (!this.#reclaimSome() && !this.#sweepSome()) {
        // The walk is over. Another comes only if it met something that is yet to expire.
        if (this.#timer === null && this.#sawExpiring && this.#intervalMs !== Infinity)
          this.#arm(this.#intervalMs);
        return;
      }
    } while (clock.now() < endMs);
    if (this.#timer === null) this.#arm(0);
  }

  /** True while there is more to give back. */
  #reclaimSome(): boolean {
    const entries = this.#leftBehind[0];
    if (entries === undefined) return false;
    for (let count = 0; count < STRIDE; count++) {
      const next = entries.next();
      if (next.done === true) {
        this.#leftBehind.shift();
        break;
      }
      this.#table.lru.delete(next.value);
    }
    return true;
  }

  /** True while there is more to look at. */
  #sweepSome(): boolean {
    const { lru } = this.#table;
    if (this.#walk === null || this.#walked !== lru) this.#begin();
    for (let count = 0; count < STRIDE; count++) {
      // lru-cache leaves expired entries out of its iterators, unless it is told otherwise when they begin.
      lru.allowStale = true;
      const next = this.#walk!.next();
      lru.allowStale = false;
      if (next.done === true) {
        this.#walk = null;
        return false;
      }
      const remainingMs = lru.getRemainingTTL(next.value);
      if (remainingMs <= 0) this.#table.expire(next.value);
      else if (remainingMs !== Infinity) this.#sawExpiring = true;
    }
    return true;
  }

  #begin(): void {
    const { lru } = this.#table;
    this.#walked = lru;
    this.#sawExpiring = false;
    this.#walk = lru.rkeys();
  }
}
