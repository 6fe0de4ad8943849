import type { CacheStore } from '../contracts/cache-store.ts';
import type { Duration } from '../contracts/duration.ts';
import type { BatchLoader, Loader } from '../contracts/loader.ts';
import type {
  CacheEntry,
  CacheItem,
  GetOptions,
  InvalidateOptions,
  SetOptions,
} from '../contracts/options.ts';
import type { StampName } from '../contracts/stamp.ts';
import { durationMs } from '../duration.ts';
import { type CallOptions, resolveCall, resolveSet, tagStamps } from '../engine/call-options.ts';
import { count } from '../engine/count.ts';
import { type Found, isStale, toCacheEntry } from '../engine/found.ts';
import type { Hub } from '../engine/hub.ts';
import { emitInvalidated, invalidate } from '../engine/invalidate.ts';
import { freshValue, fromL1 } from '../engine/l1.ts';
import { expireNow, retime } from '../engine/lifetime.ts';
import { read } from '../engine/read.ts';
import { readMany } from '../engine/read-many.ts';
import { refuseRecursion } from '../engine/recursion.ts';
import { readShared } from '../engine/shared-read.ts';
import { Budget } from '../engine/store-calls.ts';
import type { CacheContext, View } from '../engine/view.ts';
import { type Written, write, writeAtOnce } from '../engine/write.ts';
import { isCacheError } from '../errors/cache-error.ts';
import { checkKey, checkName } from '../key.ts';
import { MemoryEntry } from '../memory/memory-entry.ts';
import type { MemoryTable } from '../memory/memory-table.ts';
import type { Place } from '../memory/place.ts';
import type { Emitter } from '../observe/emitter.ts';
import type { CacheEvents } from '../observe/events.ts';
import { type Counters, HITS_PER_SAMPLE } from '../observe/statistics.ts';
import { checkOptions, invalidOption, wholeNumber } from '../option-checks.ts';
import { type Attachment, closedError, notConnected } from './attachment.ts';
import { bulkFailed, failedKeys, ITEM_NAMES, list } from './bulk.ts';
import { announces, anyValueOf, freshValueOf, isPlain } from './call-arguments.ts';
import { type NamespaceOptions, resolveNamespaceOptions } from './namespace-options.ts';

/** What a view is made of. */
export interface ViewParts {
  readonly attachment: Attachment;
  readonly context: CacheContext;
  /** Names of the namespaces it stands in, from the outside in. */
  readonly names: readonly string[];
  readonly options: CallOptions;
  /** False: it keeps nothing in this process's memory. */
  readonly usesL1: boolean;
  readonly bounds: { readonly maxEntries: number; readonly maxBytes: number } | null;
  /** What `clear` invalidates instead of the place itself: the tags of a tagged cache. */
  readonly clears: readonly StampName[] | null;
}

const HIT_MASK = HITS_PER_SAMPLE - 1;

/**
 * A cache as its callers use it: the manager itself, a namespace of it, or a cache that tags what it writes. All of
 * them share one store, one memory, one table of loads and one set of statistics; they differ in where they look and
 * in their default options.
 *
 * Every method that answers a promise rejects with INVALID_KEY, INVALID_CONFIGURATION and CLOSED where the call is at
 * fault; nothing throws synchronously but {@link peek}, {@link namespace} and {@link tags}.
 */
export class CacheView implements CacheStore {
  readonly #parts: ViewParts;
  readonly #context: CacheContext;
  readonly #counters: Counters;
  readonly #emitter: Emitter<CacheEvents>;
  /** The hot path reads the two above, the next three and nothing else: null while there is no memory to look into at once. */
  #table: MemoryTable | null = null;
  #place: Place | null = null;
  #hub: Hub | null = null;
  #view: View | null = null;

  /** @internal Views are made by `CacheManager`, `namespace` and `tags`. */
  constructor(parts: ViewParts) {
    this.#parts = parts;
    this.#context = parts.context;
    this.#counters = parts.context.counters;
    this.#emitter = parts.context.emitter;
    if (parts.attachment.hub !== null) this.#bind(parts.attachment.hub);
  }

  /**
   * The value under a key, or null. With a loader: the cached value where it is fresh; else a stale one where `grace`
   * and `softTimeout` allow it; else what the loader brings, which is then cached. However many ask for a key at once,
   * the loader runs once in this process and, on a shared store, once among all processes.
   *
   * Without a loader only a fresh value is answered. A cached null is null too: `getEntry` tells it from a miss.
   *
   * Rejects with the loader's own error where there is no stale value to serve, with the signal's reason, and with
   * OPERATION_TIMEOUT after `hardTimeout`; never because a store failed.
   */
  get<T>(
    key: string,
    loader: Loader<T>,
    options?: GetOptions,
  ): Promise<undefined extends T ? Exclude<T, undefined> | null : T>;
  get<T = unknown>(key: string, options?: GetOptions): Promise<T | null>;
  get<T = unknown>(key: string, loader: Loader<T> | undefined, options?: GetOptions): Promise<T | null>;
  // Hot: no async function, no allocation but the promise, no look at options beyond three of their members.
  get(key: string, second?: Loader<unknown> | GetOptions, third?: GetOptions): Promise<unknown> {
    const table = this.#table;
    if (table !== null && (this.#counters.hits & HIT_MASK) !== HIT_MASK && !this.#counters.closed) {
      const place = this.#place!;
      const found = place.index === null ? table.lru.get(key) : table.find(place, key);
      const loads = typeof second === 'function';
      const value = found instanceof MemoryEntry ? freshValue(this.#hub!, found, loads) : found;
      if (value !== undefined && isPlain(loads ? third : second)) {
        this.#counters.hits += 1;
        if (this.#emitter.active) this.#emitHit(key);
        return Promise.resolve(value);
      }
    }
    return this.#getSlowly(key, second, third);
  }

  /**
   * The fresh value in this process's memory, at once and without a promise; undefined where there is none there,
   * whatever the shared store has. Counts as `get` does.
   * @throws INVALID_KEY, CLOSED
   */
  peek<T = unknown>(key: string): T | undefined {
    const table = this.#table;
    if (table !== null && !this.#counters.closed) {
      const place = this.#place!;
      const found = place.index === null ? table.lru.get(key) : table.find(place, key);
      const value = found instanceof MemoryEntry ? freshValue(this.#hub!, found, false) : found;
      if (value !== undefined) {
        this.#counters.hits += 1;
        if (this.#emitter.active) this.#emitHit(key);
        return value as T;
      }
    }
    if (this.#parts.attachment.closed) throw closedError();
    this.#countMiss(checkKey(key));
    return undefined;
  }

  /**
   * What is cached under a key, fresh or stale, with its times and tags; or null. With a loader as {@link get}, where
   * null means that the loader found nothing.
   */
  getEntry<T>(
    key: string,
    loader: Loader<T>,
    options?: GetOptions,
  ): Promise<CacheEntry<Exclude<T, undefined>> | null>;
  getEntry<T = unknown>(key: string, options?: GetOptions): Promise<CacheEntry<T> | null>;
  async getEntry<T>(
    key: string,
    loader?: Loader<T> | GetOptions,
    options?: GetOptions,
  ): Promise<CacheEntry<T> | null> {
    const loads = typeof loader === 'function';
    if (loads && this.#place !== null) refuseRecursion(this.#place, key);
    const view = await this.#ready();
    const call = this.#call(loads ? options : (loader ?? options), 'getEntry');
    const found = await read(view, checkKey(key), loads ? (loader as Loader<unknown>) : null, call);
    return found === null ? null : toCacheEntry<T>(found, this.#context.tagPrefix);
  }

  /** Whether there is a fresh value. Counts neither a hit nor a miss. */
  async has(key: string): Promise<boolean> {
    const view = await this.#ready();
    checkKey(key);
    const kept = fromL1(view, key);
    if (kept !== null && !isStale(kept)) return true;
    if (view.hub.shared === null) return false;
    const { found } = await readShared(view, key, view.options, new Budget(view.hub.options.storeTimeoutMs));
    return found !== null && !isStale(found);
  }

  /**
   * Stores a value. Resolves when the store has taken it, or has kept a higher `version` instead.
   * @param options a time to live, or {@link SetOptions}
   *
   * Rejects with INVALID_VALUE for undefined, functions and promises; with MEMORY_LIMIT_EXCEEDED or VALUE_TOO_LARGE for
   * what cannot fit; and where the store failed with STORE_UNAVAILABLE, STORE_FAILED or OPERATION_TIMEOUT, whose
   * `details.applied` says whether it may have happened.
   */
  set<T>(key: string, value: T, options?: Duration | SetOptions): Promise<void> {
    const view = this.#view;
    if (view === null || this.#parts.attachment.closed) {
      return this.#ready().then((ready) => this.#setIn(ready, key, value, options));
    }
    return this.#setIn(view, key, value, options);
  }

  /** Removes an entry, here and everywhere; no load that began earlier can bring it back. Rejects as `set` does where the store failed. */
  async delete(key: string, options?: InvalidateOptions): Promise<void> {
    const view = await this.#ready();
    const request = { keys: [view.place.address(checkKey(key))], stamps: [], mode: 'delete' as const };
    await invalidate(view, { ...request, announce: announces(options) });
    this.#counters.deletes += 1;
    if (this.#emitter.active) this.#emitter.emit('delete', { key, namespace: view.place.path });
  }

  /**
   * Invalidates everything in this namespace and in those inside it; of a tagged cache, everything with its tags. O(1)
   * in the number of entries.
   */
  async clear(options?: InvalidateOptions): Promise<void> {
    const view = await this.#ready();
    const { clears } = this.#parts;
    await this.#invalidateStamps(view, clears ?? [view.place.stamps.at(-1)!], options);
  }

  /**
   * The values under several keys, in order, null where there is none: one call to the store for all that memory has
   * not. With a batch loader one call of it brings what is missing and is not being loaded already.
   */
  async getMany<T = unknown>(
    keys: readonly string[],
    loader?: BatchLoader<T> | GetOptions,
    options?: GetOptions,
  ): Promise<(T | null)[]> {
    const loads = typeof loader === 'function';
    if (loads && this.#place !== null)
      for (const key of list(keys, 'keys')) refuseRecursion(this.#place, key);
    const view = await this.#ready();
    for (const key of list(keys, 'keys')) checkKey(key);
    const call = this.#call(loads ? options : (loader ?? options), 'getMany');
    const found = await readMany(view, keys, loads ? (loader as BatchLoader<unknown>) : null, call);
    return found.map(loads ? anyValueOf : freshValueOf) as (T | null)[];
  }

  /**
   * Stores several values in one call to the store. Keys and values are all checked before anything is sent.
   * Rejects with BULK_FAILED where some were not stored: `details.failed` has their indexes.
   */
  async setMany(items: readonly CacheItem[]): Promise<void> {
    const view = await this.#ready();
    const requests = Array.from(list(items, 'items'), (item: CacheItem) => {
      const { key, value, ...options } = checkOptions<CacheItem>(
        item ?? null,
        ITEM_NAMES,
        'setMany: an item',
      );
      return { key: checkKey(key), value, options: this.#setCall(options, 'setMany') };
    });
    const answers = await write(view, requests);
    const failed: number[] = [];
    answers.forEach((written, index) => {
      if ('error' in written) failed.push(index);
      else this.#wrote(requests[index]!.key, requests[index]!.options.ttlMs, written);
    });
    if (failed.length === 0) return;
    const first = answers[failed[0]!] as { readonly error: unknown };
    throw bulkFailed('set', failed, answers.length, first.error);
  }

  /** Removes several entries in one call to the store. Rejects with BULK_FAILED where that failed: `details.failed` has the indexes. */
  async deleteMany(keys: readonly string[], options?: InvalidateOptions): Promise<void> {
    const view = await this.#ready();
    for (const key of list(keys, 'keys')) checkKey(key);
    const announce = announces(options);
    if (keys.length === 0) return;
    const addresses = [...new Set(keys)].map((key) => view.place.address(key));
    try {
      await invalidate(view, { keys: addresses, stamps: [], mode: 'delete', announce });
    } catch (cause) {
      throw bulkFailed('deleted', failedKeys(keys, addresses, view.place, cause), keys.length, cause);
    }
    this.#counters.deletes += keys.length;
    if (!this.#emitter.active) return;
    for (const key of keys) this.#emitter.emit('delete', { key, namespace: view.place.path });
  }

  /**
   * Makes an entry stale at once, keeping it for its grace; with a time to live, sets that from now. False where there
   * is no entry; an invalid one is not brought back. Rejects with UNSUPPORTED where the store cannot set a time.
   */
  async expire(key: string, ttl?: Duration): Promise<boolean> {
    const view = await this.#ready();
    checkKey(key);
    const ttlMs = ttl === undefined ? 0 : durationMs(ttl, 'expire.ttl');
    if (ttlMs > 0) return retime(view, key, ttlMs, view.options);
    const found = await expireNow(view, key);
    if (found && this.#emitter.active) this.#emitter.emit('delete', { key, namespace: view.place.path });
    return found;
  }

  /** Restarts the entry's own time to live. False where there is no entry. Rejects with UNSUPPORTED where the store cannot. */
  async touch(key: string): Promise<boolean> {
    const view = await this.#ready();
    return retime(view, checkKey(key), null, view.options);
  }

  /**
   * Adds to a counter in one atomic step and answers the sum. An absent one begins at 0, with the time to live of the
   * options; an existing one keeps its end.
   * @param by a whole number, 1 by default, negative allowed
   *
   * Rejects with INVALID_VALUE where the entry is not a whole number, with UNSUPPORTED where the store cannot count.
   */
  async increment(key: string, by = 1, options?: Duration | SetOptions): Promise<number> {
    const view = await this.#ready();
    checkKey(key);
    wholeNumber(by, 'increment.by', { min: Number.MIN_SAFE_INTEGER });
    const call = this.#setCall(options, 'increment');
    const sum = await count(view, key, by, call);
    this.#wrote(key, call.ttlMs, { stored: true, bytes: 0, compressed: false });
    return sum;
  }

  /** As {@link increment}, downwards. */
  async decrement(key: string, by = 1, options?: Duration | SetOptions): Promise<number> {
    return this.increment(key, -wholeNumber(by, 'decrement.by', { min: Number.MIN_SAFE_INTEGER }), options);
  }

  /** Invalidates every entry with this tag, in all namespaces of the manager. O(1) in the number of entries. */
  invalidateTag(tag: string, options?: InvalidateOptions): Promise<void> {
    return this.invalidateTags([tag], options);
  }

  /** Invalidates every entry with any of these tags, in one step. */
  async invalidateTags(tags: readonly string[], options?: InvalidateOptions): Promise<void> {
    const view = await this.#ready();
    const stamps = tagStamps(tags, this.#context.tagPrefix, 'invalidateTags');
    if (stamps.length > 0) await this.#invalidateStamps(view, stamps, options);
  }

  /**
   * The same keys, with these tags added to everything that is written through the answer; its `clear` invalidates the
   * tags.
   * @throws INVALID_CONFIGURATION
   */
  tags(tags: readonly string[]): TaggedCache {
    const options = resolveCall(this.#parts.options, { tags }, this.#context.tagPrefix, 'tags');
    const added = tagStamps(tags, this.#context.tagPrefix, 'tags');
    return new CacheView({ ...this.#parts, options, clears: added });
  }

  /**
   * A cache of its own inside this one: its keys meet no others, its `clear` stays inside, its options are defaults
   * over those of this cache. Two calls with one name see the same entries.
   * @throws INVALID_CONFIGURATION
   */
  namespace(name: string, options?: NamespaceOptions): CacheNamespace {
    const parts = this.#parts;
    const names = [...parts.names, checkName(name, 'namespace')];
    const resolved = resolveNamespaceOptions(options, parts.options, this.#context.tagPrefix);
    if (!resolved.usesL1 && parts.attachment.hub?.shared === null) {
      throw invalidOption(
        'namespace.l1',
        'left on',
        false,
        'Memory is the only store here: without it nothing would be cached.',
      );
    }
    const usesL1 = parts.usesL1 && resolved.usesL1;
    return new CacheView({
      ...parts,
      names,
      options: resolved.options,
      usesL1,
      bounds: resolved.bounds,
      clears: null,
    });
  }

  async connect(): Promise<void> {
    const { hub } = await this.#ready();
    const { invalidationTimeoutMs } = hub.options;
    const connecting = (async () => hub.store.connect())();
    await hub.watchdog
      .guard(connecting, invalidationTimeoutMs, () => notConnected(invalidationTimeoutMs))
      .catch((cause) => {
        throw isCacheError(cause) ? cause : notConnected(null, cause);
      });
  }

  /** A view releases nothing: `close` of the manager does. */
  async disconnect(): Promise<void> {}

  isConnected(): boolean {
    const { hub, closed } = this.#parts.attachment;
    return !closed && hub !== null && hub.store.isConnected();
  }

  /** Called when the manager closes: memory is not to be looked into any more. @internal */
  protected detach(): void {
    this.#table = null;
    this.#view = null;
  }

  #bind(hub: Hub): View {
    const { names, bounds, options } = this.#parts;
    let place = hub.table.root;
    for (const name of names) place = place.child(name);
    if (bounds !== null) place.bounds = bounds;
    const usesL1 = hub.keepsL1 && this.#parts.usesL1;
    const view = { hub, place, context: this.#context, options, usesL1 };
    this.#hub = hub;
    this.#place = place;
    this.#view = view;
    // A schema has to be looked at on every hit that it has not passed: never the hot path.
    this.#table = usesL1 && options.schema === null ? hub.table : null;
    return view;
  }

  async #ready(): Promise<View> {
    const { attachment } = this.#parts;
    if (this.#view !== null && !attachment.closed) return this.#view;
    const hub = await attachment.ready();
    return this.#view ?? this.#bind(hub);
  }

  #getSlowly(key: string, second?: Loader<unknown> | GetOptions, third?: GetOptions): Promise<unknown> {
    const view = this.#view;
    if (view === null || this.#parts.attachment.closed) {
      return this.#ready().then((ready) => this.#getFrom(ready, key, second, third));
    }
    return this.#getFrom(view, key, second, third);
  }

  #getFrom(
    view: View,
    key: string,
    second?: Loader<unknown> | GetOptions,
    third?: GetOptions,
  ): Promise<unknown> {
    try {
      checkKey(key);
      const loader = typeof second === 'function' ? second : null;
      if (loader !== null) refuseRecursion(view.place, key);
      if (loader === null && second !== undefined && second !== null && typeof second !== 'object') {
        throw invalidOption('get: the second argument', 'a loader or options', second);
      }
      if (loader === null && second !== undefined && second !== null && third !== undefined) {
        throw invalidOption(
          'get: the third argument',
          'left out behind options',
          third,
          'The loader comes before the options.',
        );
      }
      const call = this.#call(loader === null ? (second ?? third) : third, 'get');
      const sampled = (this.#counters.hits & HIT_MASK) === HIT_MASK;
      const found = sampled
        ? this.#timed(view, read(view, key, loader, call))
        : read(view, key, loader, call);
      return loader === null ? found.then(freshValueOf) : found.then(anyValueOf);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async #timed(view: View, reading: Promise<Found | null>): Promise<Found | null> {
    const beganMs = view.hub.clock.now();
    const found = await reading;
    if (found?.source === 'l1') this.#counters.latency.hit.record(view.hub.clock.now() - beganMs);
    return found;
  }

  /** Not asynchronous where memory takes the value at once: that would cost as much again as storing it. */
  #setIn(view: View, key: string, value: unknown, options: Duration | SetOptions | undefined): Promise<void> {
    try {
      checkKey(key);
      const call = this.#setCall(options, 'set');
      const written = writeAtOnce(view, key, value, call);
      if (written === null) return this.#setThrough(view, key, value, call);
      this.#settle(key, call, written);
      return Promise.resolve();
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async #setThrough(view: View, key: string, value: unknown, call: CallOptions): Promise<void> {
    const [written] = await write(view, [{ key, value, options: call }]);
    this.#settle(key, call, written!);
  }

  #settle(key: string, call: CallOptions, written: Written): void {
    if ('error' in written) throw written.error;
    this.#wrote(key, call.ttlMs, written);
  }

  #call(options: unknown, where: string): CallOptions {
    return resolveCall(
      this.#parts.options,
      (options ?? undefined) as GetOptions | undefined,
      this.#context.tagPrefix,
      where,
    );
  }

  #setCall(options: Duration | SetOptions | null | undefined, where: string): CallOptions {
    const base = this.#parts.options;
    if (options === undefined || options === null) return base;
    if (typeof options === 'object') return resolveSet(base, options, this.#context.tagPrefix, where);
    return { ...base, ttlMs: durationMs(options, `${where}.ttl`) };
  }

  async #invalidateStamps(
    view: View,
    stamps: readonly StampName[],
    options: InvalidateOptions | undefined,
  ): Promise<void> {
    await invalidate(view, { keys: [], stamps, mode: 'delete', announce: announces(options) });
    emitInvalidated(view, stamps);
  }

  #wrote(key: string, ttlMs: number, written: Exclude<Written, { readonly error: unknown }>): void {
    this.#counters.sets += 1;
    if (!this.#emitter.active) return;
    const { stored, bytes, compressed } = written;
    this.#emitter.emit('set', {
      key,
      namespace: this.#place?.path ?? '',
      ttlMs,
      stored,
      bytes,
      compressed,
    });
  }

  #emitHit(key: string): void {
    this.#emitter.emit('hit', { key, namespace: this.#place!.path, source: 'l1', stale: false });
  }

  #countMiss(key: string): void {
    this.#counters.misses += 1;
    if (this.#emitter.active) this.#emitter.emit('miss', { key, namespace: this.#place?.path ?? '' });
  }
}

/** A cache that adds tags to what it writes and whose `clear` invalidates them. */
export type TaggedCache = CacheView;
/** A cache inside another. */
export type CacheNamespace = CacheView;
