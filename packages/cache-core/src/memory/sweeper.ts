import type { LRUCache } from 'lru-cache';
import type { Clock, Scheduled } from '../contracts/clock.ts';
import { SlotWalk } from './slot-walk.ts';
import type { PlacedKey, TableKey } from './table-key.ts';

/** What is swept. */
export interface Sweepable {
  readonly clock: Clock;
  readonly lru: LRUCache<TableKey, unknown & {}>;
  /** The time as `lru` reckons it. */
  lruNow(): number;
  /** Takes out an entry whose time is over. */
  expire(key: TableKey): void;
  /** A stride is done, and perhaps the whole walk. */
  swept(isOver: boolean): void;
}

const SLICE_MS = 1;
/** Slots looked at between two looks at the clock. */
const STRIDE = 64;

/**
 * Takes out what has expired, and what a cleared namespace left behind, in slices of about a millisecond, so that memory
 * comes back without anybody asking and without anybody waiting. No timer is set while nothing can expire.
 */
export class Sweeper {
  readonly #table: Sweepable;
  readonly #intervalMs: number;
  /** Until the next walk begins. */
  #pause: Scheduled | null = null;
  /** Until the work under way goes on. */
  #slice: Scheduled | null = null;
  #walk: SlotWalk | null = null;
  /** Whether the walk has met something that is yet to expire, or may have missed it. */
  #expecting = false;
  readonly #leftBehind: Iterator<PlacedKey>[] = [];

  constructor(table: Sweepable, intervalMs: number) {
    this.#table = table;
    this.#intervalMs = intervalMs;
  }

  /** Something has been stored that will expire. */
  expect(): void {
    this.#expecting = true;
    if (this.#pause === null && this.#walk === null && this.#intervalMs !== Infinity) this.#rest();
  }

  reclaim(entries: Iterator<PlacedKey>): void {
    this.#leftBehind.push(entries);
    this.#goOnSoon();
  }

  stop(): void {
    this.#pause?.cancel();
    this.#slice?.cancel();
    this.#pause = null;
    this.#slice = null;
    this.#walk = null;
    this.#leftBehind.length = 0;
  }

  #rest(): void {
    const begin = (): void => {
      this.#pause = null;
      this.#walk = new SlotWalk(this.#table.lru);
      this.#expecting = false;
      this.#work();
    };
    this.#pause = this.#table.clock.schedule(begin, this.#intervalMs, { ref: false });
  }

  #goOnSoon(): void {
    if (this.#slice !== null) return;
    const goOn = (): void => {
      this.#slice = null;
      this.#work();
    };
    this.#slice = this.#table.clock.schedule(goOn, 0, { ref: false });
  }

  /** One slice. */
  #work(): void {
    const { clock } = this.#table;
    const endMs = clock.now() + SLICE_MS;
    while (this.#reclaimSome() || this.#sweepSome()) {
      if (clock.now() < endMs) continue;
      this.#goOnSoon();
      return;
    }
  }

  /** True where there was something to give back. */
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
    const walk = this.#walk;
    if (walk === null) return false;
    const nowMs = this.#table.lruNow();
    for (let count = 0; count < STRIDE && walk.hasMore; count++) {
      const slot = walk.next(nowMs);
      if (slot === null) continue;
      if (slot.remainingMs <= 0) this.#table.expire(slot.key);
      else if (slot.remainingMs !== Infinity) this.#expecting = true;
    }
    if (walk.hasMore) {
      this.#table.swept(false);
      // A listener may have cleared everything: then there is no walk any more.
      return this.#walk === walk;
    }
    this.#walk = null;
    if (this.#expecting) this.#rest();
    this.#table.swept(true);
    return false;
  }
}
