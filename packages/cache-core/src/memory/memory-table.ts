import { LRUCache } from 'lru-cache';
import type { Clock } from '../contracts/clock.ts';
import { type EvictionListener, Evictions } from './evictions.ts';
import { type Generation, Generations } from './generations.ts';
import { isolate } from './isolation.ts';
import { type EntryLife, MemoryEntry } from './memory-entry.ts';
import type { MemoryLimits } from './memory-options.ts';
import { Place, type PlaceBounds } from './place.ts';
import { Sizer } from './sizer.ts';
import { Sweeper } from './sweeper.ts';
import { type EntryHome, PlacedKey, type PlaceIndex, type TableKey } from './table-key.ts';

/** A shade less than the time to live: lru-cache serves an entry at the very instant of its end, we do not. */
const UNTIL_MS = 1 / 1024;
/** lru-cache takes 0 for "never started": its clock runs this much ahead. */
const START_MS = 1;
/** A `Map` of V8 in which entries come and go fails beyond 2^23. */
const MOST_ENTRIES = 8_000_000;
const NO_TAGS: readonly Generation[] = [];

/**
 * The memory of one process: entries in the order of their use, in places, bounded by count and by bytes.
 *
 * lru-cache is the bounded map inside. A plain entry is kept bare, its TTL in lru-cache's own column; all others are
 * {@link MemoryEntry}s.
 */
export class MemoryTable {
  /** Replaced as a whole when everything is cleared. Read directly on the hit path. */
  lru: LRUCache<TableKey, unknown & {}>;
  readonly generations: Generations;
  readonly root: Place;
  readonly limits: MemoryLimits;
  readonly clock: Clock;
  readonly #evictions = new Evictions();
  readonly #sizer: Sizer;
  readonly #sweeper: Sweeper;
  readonly #maxEntries: number;
  /** One for all calls: lru-cache reads it and lets go. */
  readonly #setOptions: LRUCache.SetOptions<TableKey, unknown & {}, unknown> = {
    ttl: 0,
    start: 0,
    size: 1,
    noUpdateTTL: false,
    status: undefined,
  };
  /** How often lru-cache has let go of a value, for whatever reason. */
  #disposals = 0;
  /** What is deleted now is deleted because its time is over. */
  #expiring = false;

  constructor(limits: MemoryLimits) {
    this.limits = limits;
    this.clock = limits.clock;
    this.generations = new Generations(limits.maxTags);
    this.root = new Place(this, null, '');
    this.lru = this.#emptyCache();
    this.#sizer = new Sizer(limits.sizeOf);
    this.#sweeper = new Sweeper(this, limits.sweepIntervalMs);
    this.#maxEntries = Math.min(limits.maxEntries, MOST_ENTRIES);
  }

  /**
   * Puts an entry in, replacing what was there. Nothing is compared and nothing poisoned: that is for the caller.
   * False where the entry alone is larger than the memory may be. Where it cannot be kept, for that or by an error,
   * nothing is kept under the key: what was there is not what was to be.
   * @throws INVALID_VALUE where isolation asks for a clone that cannot be made, INVALID_CONFIGURATION where `sizeOf` fails
   */
  put(place: Place, key: string, value: unknown, life: EntryLife, needsEntry: boolean): boolean {
    try {
      const kept = isolate(value, this.limits.isolation, key);
      if (!needsEntry && kept.cloner === null) return this.putBare(place, key, kept.value, life.keptMs);
      const size = this.#sizeIn(place, key, kept.value, true);
      if (size === null) return false;
      const tags = life.tags.length === 0 ? NO_TAGS : life.tags.map((tag) => this.generations.tag(tag));
      const nowMs = this.clock.now();
      const entry = new MemoryEntry(kept, life, tags, nowMs);
      this.#schedule(life.keptMs, nowMs);
      this.#store(place, key, entry, size);
      return true;
    } catch (error) {
      this.remove(place, key);
      throw error;
    }
  }

  /** As {@link put}, for an entry that has nothing but a value and a time to live: the usual write, hence short. */
  putPlain(place: Place, key: string, value: unknown, ttlMs: number): boolean {
    if (this.limits.isolation === 'share' || typeof value !== 'object') {
      return this.putBare(place, key, value, ttlMs);
    }
    const began = { startedMs: this.clock.now(), asOf: this.generations.now };
    const life = { freshMs: ttlMs, keptMs: ttlMs, ttlMs, graceMs: 0, loadMs: 0, tags: [], ...began };
    return this.put(place, key, value, life, false);
  }

  /** As {@link put}, for a value that needs neither isolation nor a record. @param keptMs null: as long as what is there */
  putBare(place: Place, key: string, value: unknown, keptMs: number | null): boolean {
    const size = this.#sizeIn(place, key, value, false);
    if (size === null) return false;
    if (keptMs !== null) this.#schedule(keptMs, keptMs === Infinity ? 0 : this.clock.now());
    this.#setOptions.noUpdateTTL = keptMs === null;
    this.#store(place, key, value as unknown & {}, size);
    this.#setOptions.noUpdateTTL = false;
    return true;
  }

  /** Told of entries that leave by themselves, in all places. */
  get evictionListeners(): Set<EvictionListener> {
    return this.#evictions.listeners;
  }

  /** Entries that had to make room. */
  get evictions(): number {
    return this.#evictions.capacity;
  }

  /** Expired entries that were taken out. */
  get expirations(): number {
    return this.#evictions.expired;
  }

  /** The bare value or the entry under a key; counts as a use. Whether an entry is still good is for the caller to ask. */
  find(place: Place, key: string): unknown {
    if (place.index === null) return this.lru.get(key);
    const placed = place.index.get(key);
    if (placed === undefined) return undefined;
    if (place.bounds !== null) {
      place.index.delete(key);
      place.index.set(key, placed);
    }
    // Counts the use, and drops the entry when its time is over.
    return this.lru.get(placed);
  }

  /** As {@link find}, but not a use. */
  look(place: Place, key: string): unknown {
    const tableKey = keyIn(place, key);
    return tableKey === undefined ? undefined : this.lru.peek(tableKey);
  }

  /** Restarts the time to live of a bare entry that is there. */
  restart(place: Place, key: string): void {
    const tableKey = keyIn(place, key);
    if (tableKey !== undefined) this.lru.get(tableKey, { updateAgeOnGet: true });
  }

  /** The version of an entry that is still there and valid. */
  versionOf(place: Place, key: string): number | undefined {
    const found = this.look(place, key);
    const valid = found instanceof MemoryEntry && found.isCurrent() && this.clock.now() < found.keptUntilMs;
    return valid ? found.version : undefined;
  }

  remove(place: Place, key: string): boolean {
    const tableKey = keyIn(place, key);
    return tableKey !== undefined && this.lru.delete(tableKey);
  }

  /** Empties a place and all within it, and poisons what is under way there. O(1) in the number of entries. */
  clear(place: Place): void {
    const generation = this.generations.next();
    const all = place.parent === null;
    // A flood of flushes finds it empty already.
    if (all && this.lru.size > 0) {
      this.lru = this.#emptyCache();
      this.#sweeper.stop();
    }
    place.reset(generation, !all);
  }

  /** The most bytes that an entry may have in a place. */
  maxBytesIn(place: Place): number {
    return Math.min(this.limits.maxBytes, place.bounds?.maxBytes ?? Infinity);
  }

  /** Milliseconds for which a bare entry is kept; `Infinity` = without end, 0 = it is not there. */
  remainingMs(place: Place, key: string): number {
    const tableKey = keyIn(place, key);
    if (tableKey === undefined) return 0;
    // lru-cache reckons by the coarse clock, which lags.
    const lagMs = Math.max(0, this.clock.now() - this.clock.coarseNow());
    return Math.max(0, Math.ceil(this.lru.getRemainingTTL(tableKey) - lagMs));
  }

  /** Gives back, in slices, what an index that nobody looks at any more still holds. */
  reclaim(index: PlaceIndex): void {
    this.#sweeper.reclaim(index.values());
  }

  lruNow(): number {
    return this.clock.now() + START_MS;
  }

  expire(key: TableKey): void {
    this.#expiring = true;
    this.lru.delete(key);
    this.#expiring = false;
  }

  swept(isOver: boolean): void {
    this.#evictions.tell();
    // What lru-cache has grown to, for entries that are all gone, is given back too.
    if (isOver && this.lru.size === 0) this.lru = this.#emptyCache();
  }

  /** Stops the sweeper. What is kept stays. */
  stop(): void {
    this.#sweeper.stop();
  }

  /** Null where it is more than there may be: then nothing is kept under the key. */
  #sizeIn(place: Place, key: string, value: unknown, isRecord: boolean): number | null {
    let size = Infinity;
    try {
      size = this.#sizer.entryBytes(place, key, value, isRecord);
    } finally {
      // Too large, or not to be measured.
      if (size > this.maxBytesIn(place)) this.remove(place, key);
    }
    return size > this.maxBytesIn(place) ? null : size;
  }

  #store(place: Place, key: string, value: unknown & {}, size: number): void {
    if (place.index === null) this.#setInLru(key, value, size);
    else {
      // Listed before lru-cache makes room, which may throw out others of this place.
      const placed = PlacedKey.of(place, place.index, key, size);
      this.#setInLru(placed, value, size);
      if (place.bounds !== null) this.#keepWithin(place, place.bounds, place.index, placed);
    }
    while (this.lru.size > this.#maxEntries) this.lru.pop();
    this.#evictions.tell();
  }

  #keepWithin(place: Place, bounds: PlaceBounds, index: PlaceIndex, newest: PlacedKey): void {
    index.delete(newest.key);
    index.set(newest.key, newest);
    for (const [key, oldest] of index) {
      if (index.size <= bounds.maxEntries && place.bytes <= bounds.maxBytes) return;
      this.lru.delete(oldest);
      this.#evictions.add(place, key, 'capacity');
    }
  }

  /** The time to live of what is put in next. */
  #schedule(keptMs: number, nowMs: number): void {
    const options = this.#setOptions;
    options.ttl = keptMs === Infinity ? 0 : keptMs - UNTIL_MS;
    options.start = nowMs + START_MS;
    if (keptMs !== Infinity) this.#sweeper.expect();
  }

  #setInLru(key: TableKey, value: unknown & {}, size: number): void {
    const { lru } = this;
    const options = this.#setOptions;
    const entries = lru.size;
    const disposals = this.#disposals;
    options.size = size;
    lru.set(key, value, options);
    if (lru.size === entries && this.#disposals === disposals && typeof value === 'object') {
      // The same object again, which may have grown: lru-cache has left its size as it was.
      lru.set(key, 0, options);
      lru.set(key, value, options);
    }
    // Left there by lru-cache while somebody watches its channel of diagnostics.
    options.status = undefined;
  }

  #emptyCache(): LRUCache<TableKey, unknown & {}> {
    const { clock } = this;
    return new LRUCache<TableKey, unknown & {}>({
      // `max` would allocate its columns at once and is no faster: the count is kept by `put`.
      maxSize: Math.min(this.limits.maxBytes, Number.MAX_SAFE_INTEGER),
      ttlResolution: 0,
      perf: { now: () => clock.coarseNow() + START_MS },
      dispose: (_, key, reason) => this.#disposed(key, reason),
    });
  }

  // The value is not looked at: it may be a proxy that throws, and lru-cache is in the middle of its work.
  #disposed(key: TableKey, reason: LRUCache.DisposeReason): void {
    this.#disposals += 1;
    if (reason === 'set') return;
    const inRoot = typeof key === 'string';
    if (!inRoot && !key.leave()) return;
    const expired = reason === 'expire' || this.#expiring;
    if (reason !== 'evict' && !expired) return;
    if (inRoot) this.#evictions.add(this.root, key, expired ? 'expired' : 'capacity');
    else this.#evictions.add(key.place, key.key, expired ? 'expired' : 'capacity');
    if (expired) this.#evictions.tellSoon();
  }
}

/** What an entry goes by in lru-cache. */
function keyIn(place: EntryHome, key: string): TableKey | undefined {
  return place.index === null ? key : place.index.get(key);
}
