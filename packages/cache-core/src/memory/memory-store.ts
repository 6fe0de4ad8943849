import type { CacheStore } from '../contracts/cache-store.ts';
import type { BulkItem, StoreCapabilities, StoreHealthReport } from '../contracts/capabilities.ts';
import { durationMs } from '../duration.ts';
import { CacheError } from '../errors/cache-error.ts';
import { CacheErrorCode } from '../errors/error-code.ts';
import { checkKey, shownKey } from '../key.ts';
import { patternMatcher } from '../key-pattern.ts';
import { wholeNumber } from '../option-checks.ts';
import { checkValue } from '../value.ts';
import { type EntryLife, MemoryEntry } from './memory-entry.ts';
import { type MemoryStoreOptions, resolveMemoryOptions } from './memory-options.ts';
import { type EvictionCause, type EvictionListener, MemoryTable } from './memory-table.ts';

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
    return freshEntry(table, found) ? (table.handOut(found) as T) : undefined;
  }

  /**
   * As `set`, at once.
   * @throws INVALID_KEY, INVALID_VALUE, INVALID_CONFIGURATION (ttl), MEMORY_LIMIT_EXCEEDED, CLOSED
   */
  setSync<T>(key: string, value: T, ttl?: number): void {
    const table = this.#open();
    checkKey(key);
    checkValue(key, value);
    const ttlMs = ttl === undefined ? Infinity : durationMs(ttl, 'ttl');
    table.root.moveKey(key);
    if (ttlMs === 0) table.remove(table.root, key);
    else if (!table.put(table.root, key, value, plainLife(table, ttlMs), false))
      throw tooLarge(key, table.limits.maxBytes);
  }

  /** As `delete`, at once. Whether there was an entry. @throws INVALID_KEY, CLOSED */
  deleteSync(key: string): boolean {
    const table = this.#open();
    table.root.moveKey(checkKey(key));
    return table.remove(table.root, key);
  }

  /** As `clear`, at once, namespaces of caches included. O(1) in the number of entries. @throws CLOSED */
  clearSync(): void {
    const table = this.#open();
    table.clear(table.root);
  }

  async getMany<T = unknown>(keys: readonly string[]): Promise<(T | null)[]> {
    return keys.map((key) => this.peek<T>(key) ?? null);
  }

  async setMany(items: readonly BulkItem[]): Promise<void> {
    for (const item of items) this.setSync(item.key, item.value, item.ttl);
  }

  async deleteMany(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.deleteSync(key);
  }

  async ttl(key: string): Promise<number | null> {
    const table = this.#open();
    const found = table.find(table.root, checkKey(key));
    if (found === undefined) return null;
    if (!(found instanceof MemoryEntry)) return table.remainingMs(key) / 1000;
    return freshEntry(table, found) ? (found.freshUntilMs - table.clock.now()) / 1000 : null;
  }

  async expire(key: string, ttl: number): Promise<boolean> {
    const value = this.peek(key);
    if (value === undefined) return false;
    this.setSync(key, value, ttl);
    return true;
  }

  async increment(key: string, by: number, ttl?: number): Promise<number> {
    wholeNumber(by, 'by', { min: Number.MIN_SAFE_INTEGER });
    const current = this.peek(key);
    const sum = addToCounter(key, current, by);
    const rest = current === undefined ? ttl : ((await this.ttl(key)) ?? undefined);
    this.setSync(key, sum, rest);
    return sum;
  }

  async *keys(pattern?: string): AsyncIterable<string> {
    const matches = patternMatcher(pattern ?? '*');
    for (const key of this.#open().lru.keys()) {
      if (typeof key === 'string' && matches(key)) yield key;
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

  /** Calls back for every entry that leaves by itself; answers the function that stops it. The listener must not throw. */
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

/** The sum of a counter, which begins at 0. @throws INVALID_VALUE where it is not a whole number, or no longer would be */
export function addToCounter(key: string, current: unknown, by: number): number {
  const sum =
    current === undefined ? by : Number.isSafeInteger(current) ? (current as number) + by : Number.NaN;
  if (Number.isSafeInteger(sum)) return sum;
  throw new CacheError(
    `'${shownKey(key)}' cannot be counted: a counter is a whole number between −(2^53 − 1) and 2^53 − 1.`,
    CacheErrorCode.INVALID_VALUE,
  );
}

/** The error for an entry that is larger than the whole memory may be. */
export function tooLarge(key: string, maxBytes: number): CacheError {
  return new CacheError(
    `The value of '${shownKey(key)}' is larger than the ${maxBytes} bytes that this memory may hold. Raise maxBytes, or store less.`,
    CacheErrorCode.MEMORY_LIMIT_EXCEEDED,
    { details: { maxBytes } },
  );
}

function freshEntry(table: MemoryTable, entry: MemoryEntry): boolean {
  return entry.isCurrent() && table.clock.now() < entry.freshUntilMs;
}

function plainLife(table: MemoryTable, ttlMs: number): EntryLife {
  return {
    freshMs: ttlMs,
    keptMs: ttlMs,
    ttlMs,
    graceMs: 0,
    loadMs: 0,
    startedMs: table.clock.now(),
    asOf: table.generations.now,
    tags: NO_TAGS,
  };
}

const NO_TAGS: readonly string[] = [];
