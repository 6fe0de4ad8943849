import { LRUCache } from 'lru-cache';
import type { Clock } from '../contracts/clock.ts';
import { type Generation, Generations } from './generations.ts';
import { clone, escapesFreezing, isolate } from './isolation.ts';
import { type EntryHome, type EntryLife, MemoryEntry, type TableKey } from './memory-entry.ts';
import type { MemoryLimits } from './memory-options.ts';
import { Place } from './place.ts';
import { SizeEstimate } from './size-estimate.ts';
import { Sweeper } from './sweeper.ts';

/** Why an entry left without being asked to. */
export type EvictionCause = 'capacity' | 'expired';

/** Told of entries that leave by themselves. */
export type EvictionListener = (place: EntryHome, key: string, cause: EvictionCause) => void;

/** A shade less than the time to live: lru-cache serves an entry at the very instant of its end, we do not. */
const UNTIL_MS = 1 / 1024;
/** lru-cache takes 0 for "never started": its clock runs this much ahead. */
const START_MS = 1;
const NO_TAGS: readonly Generation[] = [];

/**
 * The memory of one process: entries in the order of their use, in places, bounded by count and by bytes.
 *
 * lru-cache is the bounded map inside. A plain entry at the root is kept bare, its TTL in lru-cache's own column; all
 * others are {@link MemoryEntry}s.
 */
export class MemoryTable {
  /** Replaced as a whole when everything is cleared. Read directly on the hit path. */
  lru: LRUCache<TableKey, unknown & {}>;
  readonly generations: Generations;
  readonly root: Place;
  readonly limits: MemoryLimits;
  readonly clock: Clock;
  readonly evictionListeners = new Set<EvictionListener>();
  evictions = 0;
  expirations = 0;
  readonly #sizes = new SizeEstimate();
  readonly #sweeper: Sweeper;
  readonly #setOptions: { ttl: number; start: number; size: number } = { ttl: 0, start: 0, size: 1 };
  readonly #perf: { now(): number };
  #collected: FinalizationRegistry<() => void> | null = null;

  constructor(limits: MemoryLimits) {
    this.limits = limits;
    this.clock = limits.clock;
    this.generations = new Generations(limits.maxTags);
    this.#perf = { now: () => this.clock.coarseNow() + START_MS };
    this.root = new Place(this, null, '');
    this.lru = this.#emptyCache();
    this.#sweeper = new Sweeper(this, limits.sweepIntervalMs);
  }

  /**
   * Puts an entry in, replacing what was there. Nothing is compared and nothing poisoned: that is for the caller.
   * False where the entry alone is larger than the memory may be; then nothing is kept under the key.
   * @throws INVALID_VALUE where isolation asks for a clone that cannot be made.
   */
  put(place: Place, key: string, value: unknown, life: EntryLife, needsEntry: boolean): boolean {
    const kept = isolate(value, this.limits.isolation, key);
    const size = this.#sizeOf(key, kept);
    const bounds = place.bounds ?? this.limits;
    if (size > this.limits.maxBytes || size > bounds.maxBytes) {
      this.remove(place, key);
      return false;
    }
    const nowMs = this.clock.now();
    const options = this.#setOptions;
    options.size = size;
    options.start = nowMs + START_MS;
    options.ttl = life.keptMs === Infinity ? 0 : life.keptMs - UNTIL_MS;
    if (options.ttl !== 0) this.#sweeper.expect();
    const clones = this.#clonesOnRead(kept);
    if (!needsEntry && place.index === null && !clones) {
      this.lru.set(key, kept as unknown & {}, options);
    } else {
      const tags = life.tags.length === 0 ? NO_TAGS : life.tags.map((tag) => this.generations.tag(tag));
      const entry = new MemoryEntry(place, key, kept, life, tags, nowMs);
      entry.clones = clones;
      this.#putEntry(place, entry, options);
    }
    while (this.lru.size > this.limits.maxEntries) this.lru.pop();
    return true;
  }

  #putEntry(place: Place, entry: MemoryEntry, options: { ttl: number; start: number; size: number }): void {
    const { key } = entry;
    entry.size = options.size;
    if (place.index === null) {
      this.lru.set(key, entry, options);
      return;
    }
    const old = place.index.get(key);
    if (old !== undefined) this.lru.delete(old);
    // Before lru-cache makes room: that may throw out others of this place, or, in a crowd, this very entry.
    place.index.set(key, entry);
    place.bytes += entry.size;
    this.lru.set(entry, entry, options);
    if (place.bounds !== null) this.#keepWithin(place, entry);
  }

  #keepWithin(place: Place, newest: MemoryEntry): void {
    const bounds = place.bounds!;
    for (const [key, entry] of place.index!) {
      if (place.index!.size <= bounds.maxEntries && place.bytes <= bounds.maxBytes) return;
      if (entry === newest) return;
      this.lru.delete(entry);
      this.#left(place, key, 'capacity');
    }
  }

  /** The bare value or the entry under a key; counts as a use. Whether an entry is still good is for the caller to ask. */
  find(place: Place, key: string): unknown {
    if (place.index === null) return this.lru.get(key);
    const entry = place.index.get(key);
    if (entry === undefined) return undefined;
    if (place.bounds !== null) {
      place.index.delete(key);
      place.index.set(key, entry);
    }
    // Counts the use, and drops the entry when its time is over.
    return this.lru.get(entry);
  }

  /** The version of an entry that is still there and valid. */
  versionOf(place: Place, key: string): number | undefined {
    const found = place.index === null ? this.lru.peek(key) : place.index.get(key);
    return found instanceof MemoryEntry && found.isCurrent() && this.clock.now() < found.keptUntilMs
      ? found.version
      : undefined;
  }

  remove(place: Place, key: string): boolean {
    if (place.index === null) return this.lru.delete(key);
    const entry = place.index.get(key);
    return entry !== undefined && this.lru.delete(entry);
  }

  /** Empties a place and all within it, and poisons what is under way there. O(1) in the number of entries. */
  clear(place: Place): void {
    const generation = this.generations.next();
    if (place.parent === null) this.lru = this.#emptyCache();
    place.reset(generation, place.parent !== null);
  }

  /** How a caller gets the value of an entry: as it is, or a clone of its own. */
  handOut(entry: MemoryEntry): unknown {
    return entry.clones ? clone(entry.value, entry.key) : entry.value;
  }

  /** Milliseconds for which a bare entry is kept; `Infinity` = without end, 0 = it is not there. */
  remainingMs(key: string): number {
    const ms = this.lru.getRemainingTTL(key);
    return ms === Infinity ? Infinity : Math.max(0, Math.ceil(ms));
  }

  /** Restarts the time to live of a bare entry. */
  restart(key: string): void {
    this.lru.get(key, { updateAgeOnGet: true });
  }

  /** Gives back, in slices, what an index that nobody looks at any more still holds. */
  reclaim(index: ReadonlyMap<string, MemoryEntry>): void {
    this.#sweeper.reclaim(index.values());
  }

  /** An expired entry that the sweeper has found. */
  expire(key: TableKey): void {
    const value = this.lru.peek(key);
    if (!this.lru.delete(key)) return;
    this.expirations += 1;
    if (value instanceof MemoryEntry) this.#tell(value.place, value.key, 'expired');
    else if (typeof key === 'string') this.#tell(this.root, key, 'expired');
    else this.#tell(key.place, key.key, 'expired');
  }

  forgetWhenCollected(place: object, forget: () => void): void {
    this.#collected ??= new FinalizationRegistry((callback) => callback());
    this.#collected.register(place, forget);
  }

  /** Stops the sweeper. What is kept stays. */
  stop(): void {
    this.#sweeper.stop();
  }

  #emptyCache(): LRUCache<TableKey, unknown & {}> {
    const cache: LRUCache<TableKey, unknown & {}> = new LRUCache<TableKey, unknown & {}>({
      // `max` would allocate its columns at once and is no faster: the count is kept by `put`.
      maxSize: this.limits.maxBytes === Infinity ? Number.MAX_SAFE_INTEGER : this.limits.maxBytes,
      ttlResolution: 0,
      perf: this.#perf,
      dispose: (value, key, reason) => this.#disposed(cache, value, key, reason),
    });
    return cache;
  }

  #disposed(cache: object, value: unknown, key: TableKey, reason: LRUCache.DisposeReason): void {
    if (
      value instanceof MemoryEntry &&
      value.place.index !== null &&
      value.place.index.get(value.key) === value
    ) {
      value.place.index.delete(value.key);
      value.place.bytes -= value.size;
    }
    if (cache !== this.lru || (reason !== 'evict' && reason !== 'expire')) return;
    const cause = reason === 'evict' ? 'capacity' : 'expired';
    if (typeof key === 'string') this.#left(this.root, key, cause);
    else if (key.place.index?.has(key.key) !== true) this.#left(key.place, key.key, cause);
  }

  #left(place: EntryHome, key: string, cause: EvictionCause): void {
    if (cause === 'capacity') this.evictions += 1;
    else this.expirations += 1;
    this.#tell(place, key, cause);
  }

  #tell(place: EntryHome, key: string, cause: EvictionCause): void {
    for (const listener of this.evictionListeners) listener(place, key, cause);
  }

  #clonesOnRead(value: unknown): boolean {
    const { isolation } = this.limits;
    if (isolation === 'share' || typeof value !== 'object' || value === null) return false;
    return isolation === 'clone' || escapesFreezing(value);
  }

  #sizeOf(key: string, value: unknown): number {
    const { sizeOf } = this.limits;
    if (sizeOf === null) return this.#sizes.entryBytes(key, value);
    const bytes = sizeOf(value, key);
    return Number.isSafeInteger(bytes) && bytes > 0
      ? bytes
      : Number.isFinite(bytes)
        ? Math.max(1, Math.ceil(bytes))
        : 1;
  }
}
