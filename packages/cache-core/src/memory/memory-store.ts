import type { CacheStore } from '../contracts/cache-store.ts';
import type { BulkItem, StoreCapabilities, StoreHealthReport } from '../contracts/capabilities.ts';
import { durationMs } from '../duration.ts';
import { CacheError } from '../errors/cache-error.ts';
import { CacheErrorCode } from '../errors/error-code.ts';
import { checkKey, shownKey } from '../key.ts';
import { patternMatcher } from '../key-pattern.ts';
import { wholeNumber } from '../option-checks.ts';
import { checkValue } from '../value.ts';
import { addToCounter, recount } from './counter.ts';
import type { EvictionCause, EvictionListener } from './evictions.ts';
import { MemoryEntry } from './memory-entry.ts';
import { type MemoryStoreOptions, resolveMemoryOptions } from './memory-options.ts';
import { MemoryTable } from './memory-table.ts';
import { retime } from './retime.ts';
import { SlotWalk } from './slot-walk.ts';

/** What an eviction listener is told. */
export interface Eviction {
  readonly key: string;
  /** `capacity`: to make room. `expired`: its time was over. */
  readonly cause: EvictionCause;
}

export interface MemoryStatistics {
  readonly entries: number;
  /** Keys, values and what an entry costs beside them; an estimate where objects are. */
  readonly bytes: number;
  readonly maxEntries: number;
  readonly maxBytes: number;
  /** Entries that had to make room, since the store was created. */
  readonly evictions: number;
  /** Expired entries that were taken out, since the store was created. */
  readonly expirations: number;
  /** Tags that are remembered. */
  readonly tags: number;
}

const tables = new WeakMap<MemoryStore, MemoryTable>();

/** The table behind a store, for the engine. */
export function tableOf(store: MemoryStore): MemoryTable {
  return tables.get(store)!;
}

/**
 * Entries in the memory of this process, the least recently used leaving first. Bounded by count and by bytes from the
 * start; expired entries are swept out in slices of at most a millisecond.
 *
 * A store by itself, the only tier of a cache, or the first of two. Whatever is set, deleted or cleared here directly
 * wins over loads under way in every cache on it.
 */
export class MemoryStore implements CacheStore {
  readonly #table: MemoryTable;
  #closed = false;
  readonly capabilities: StoreCapabilities;

  constructor(options?: MemoryStoreOptions) {
    this.#table = new MemoryTable(resolveMemoryOptions(options, 'MemoryStore'));
    tables.set(this, this.#table);
    this.capabilities = {
      bulk: this,
      timeToLive: this,
      counters: this,
      listing: this,
      health: this,
      limits: ['Entries live in one process and end with it.'],
    };
  }

  async connect(): Promise<void> {
    this.#closed = false;
  }

  /** Drops every entry and stops the sweeper. Later calls reject with CLOSED until `connect()`. */
  async disconnect(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#table.clear(this.#table.root);
    this.#table.stop();
  }

  isConnected(): boolean {
    return !this.#closed;
  }

  async get<T = unknown>(key: string): Promise<T | null> {
    return this.peek<T>(key) ?? null;
  }

  async set<T>(key: string, value: T, ttl?: number): Promise<void> {
    this.setSync(key, value, ttl);
  }

  async delete(key: string): Promise<void> {
    this.deleteSync(key);
  }

  async clear(): Promise<void> {
    this.clearSync();
  }

  /**
   * The value at once, without a promise, or undefined. Counts as a use. A cached null is null.
   * @throws INVALID_KEY, CLOSED
   */
  peek<T = unknown>(key: string): T | undefined {
    const table = this.#open();
    const found = table.find(table.root, checkKey(key));
    if (!(found instanceof MemoryEntry)) return found as T | undefined;
    return isFresh(table, found) ? (found.handOut() as T) : undefined;
  }

  /**
   * As `set`, at once.
   * @throws INVALID_KEY, INVALID_VALUE, INVALID_CONFIGURATION (ttl), MEMORY_LIMIT_EXCEEDED, CLOSED
   */
  setSync<T>(key: string, value: T, ttl?: number): void {
    const table = this.#open();
    checkKey(key);
    checkValue(key, value);
    const ttlMs = ttlToMs(ttl);
    table.root.moveKey(key);
    if (ttlMs === 0) table.remove(table.root, key);
    else if (!table.putPlain(table.root, key, value, ttlMs)) throw tooLarge(key, table.limits.maxBytes);
  }

  /** As `delete`, at once. Whether there was a fresh entry. @throws INVALID_KEY, CLOSED */
  deleteSync(key: string): boolean {
    const table = this.#open();
    table.root.moveKey(checkKey(key));
    const wasFresh = freshIn(table, key) !== undefined;
    table.remove(table.root, key);
    return wasFresh;
  }

  /** As `clear`, at once, namespaces of caches included. O(1) in the number of entries. @throws CLOSED */
  clearSync(): void {
    const table = this.#open();
    table.clear(table.root);
  }

  async getMany<T = unknown>(keys: readonly string[]): Promise<(T | null)[]> {
    return keys.map((key) => this.peek<T>(key) ?? null);
  }

  /** Keys, values and times are all checked before anything is stored. */
  async setMany(items: readonly BulkItem[]): Promise<void> {
    this.#open();
    for (const { key, value, ttl } of items) {
      checkValue(checkKey(key), value);
      ttlToMs(ttl);
    }
    const failed: number[] = [];
    let cause: unknown;
    items.forEach(({ key, value, ttl }, index) => {
      try {
        this.setSync(key, value, ttl);
      } catch (error) {
        failed.push(index);
        cause ??= error;
      }
    });
    if (failed.length > 0) throw bulkFailed(failed, items.length, cause);
  }

  /** Keys are all checked before anything is removed. */
  async deleteMany(keys: readonly string[]): Promise<void> {
    for (const key of keys) checkKey(key);
    for (const key of keys) this.deleteSync(key);
  }

  async ttl(key: string): Promise<number | null> {
    const table = this.#open();
    const found = freshIn(table, checkKey(key));
    if (found === undefined) return null;
    if (found instanceof MemoryEntry) return (found.freshUntilMs - table.clock.now()) / 1000;
    const remainingMs = table.remainingMs(table.root, key);
    return remainingMs === 0 ? null : remainingMs / 1000;
  }

  /** As the contract says; an entry of a cache keeps its tags and its grace. 0 removes. */
  async expire(key: string, ttl: number): Promise<boolean> {
    const table = this.#open();
    const ttlMs = durationMs(ttl, 'ttl');
    if (freshIn(table, checkKey(key)) === undefined) return false;
    table.root.moveKey(key);
    if (ttlMs === 0) table.remove(table.root, key);
    else retime(table, table.root, key, ttlMs);
    return true;
  }

  /** As the contract says; a counter of a cache keeps its tags and its grace. */
  async increment(key: string, by: number, ttl?: number): Promise<number> {
    const step = wholeNumber(by, 'by', { min: Number.MIN_SAFE_INTEGER });
    ttlToMs(ttl);
    const current = this.peek(key);
    const sum = addToCounter(key, current, step);
    if (current === undefined) {
      this.setSync(key, sum, ttl);
      return sum;
    }
    const table = this.#open();
    table.root.moveKey(key);
    if (!recount(table, table.root, key, sum)) throw tooLarge(key, table.limits.maxBytes);
    return sum;
  }

  /** Keys of fresh entries, those of namespaces of caches left out. None twice, whatever is used and stored meanwhile. */
  async *keys(pattern?: string): AsyncIterable<string> {
    const matches = patternMatcher(pattern ?? '*');
    const walk = new SlotWalk(this.#open().lru);
    while (walk.hasMore) {
      const key = walk.next(0)?.key;
      if (typeof key === 'string' && matches(key) && freshIn(this.#open(), key) !== undefined) yield key;
    }
  }

  health(): StoreHealthReport {
    const { lru } = this.#table;
    return {
      connected: !this.#closed,
      latencyMs: 0,
      details: { entries: lru.size, bytes: lru.calculatedSize },
    };
  }

  stats(): MemoryStatistics {
    const { lru, limits, evictions, expirations, generations } = this.#table;
    return {
      entries: lru.size,
      bytes: lru.calculatedSize,
      maxEntries: limits.maxEntries,
      maxBytes: limits.maxBytes,
      evictions,
      expirations,
      tags: generations.tagCount,
    };
  }

  /**
   * Calls back for every entry of this store, those in namespaces of caches left out, that leaves by itself: to make room
   * before the call that made it returns, expired ones when they are met, which is in the background at the latest. The
   * listener may use the store; what it throws is ignored.
   * @returns the function that stops it
   */
  onEvict(listener: (eviction: Eviction) => void): () => void {
    const inner: EvictionListener = (place, key, cause) => {
      if (place === this.#table.root) listener({ key, cause });
    };
    this.#table.evictionListeners.add(inner);
    return () => this.#table.evictionListeners.delete(inner);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.disconnect();
  }

  #open(): MemoryTable {
    if (!this.#closed) return this.#table;
    throw new CacheError(
      'This MemoryStore is disconnected. Call connect() to use it again.',
      CacheErrorCode.CLOSED,
    );
  }
}

/** The error for an entry that is larger than the whole memory may be. */
export function tooLarge(key: string, maxBytes: number): CacheError {
  return new CacheError(
    `The value of '${shownKey(key)}' is larger than the ${maxBytes} bytes that this memory may hold. Raise maxBytes, or store less.`,
    CacheErrorCode.MEMORY_LIMIT_EXCEEDED,
    { details: { maxBytes } },
  );
}

function bulkFailed(failed: readonly number[], all: number, cause: unknown): CacheError {
  return new CacheError(`${failed.length} of ${all} keys could not be set.`, CacheErrorCode.BULK_FAILED, {
    cause,
    details: { failed },
  });
}

function ttlToMs(ttl: number | undefined): number {
  return ttl === undefined ? Infinity : durationMs(ttl, 'ttl');
}

/** The bare value or the entry at the root if it is fresh. Not a use. */
function freshIn(table: MemoryTable, key: string): unknown {
  const found = table.look(table.root, key);
  return found instanceof MemoryEntry && !isFresh(table, found) ? undefined : found;
}

function isFresh(table: MemoryTable, entry: MemoryEntry): boolean {
  return entry.isCurrent() && table.clock.now() < entry.freshUntilMs;
}
