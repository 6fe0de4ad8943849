import type { BatchLoadContext, BatchLoaded, BatchLoader, LoadedOptions } from '../contracts/loader.ts';
import type { Seen } from '../contracts/stamp.ts';
import { CacheError } from '../errors/cache-error.ts';
import { CacheErrorCode } from '../errors/error-code.ts';
import { retry } from '../resilience/retry.ts';
import type { CallOptions } from './call-options.ts';
import { Flight, joinable, tagsMovedSince } from './flight.ts';
import { type Found, isStale } from './found.ts';
import { fromL1 } from './l1.ts';
import { LEASE_MS } from './lease-keeper.ts';
import { checkLoaded, isAboutValue, keepLoaded } from './load.ts';
import { isStorable, type LoadNotes, notesFor } from './load-context.ts';
import { countHit, read } from './read.ts';
import { beginning, judge, keepFound, stampsByName, stampsToAsk } from './shared-read.ts';
import { Budget } from './store-calls.ts';
import { draftOf, ttlOf } from './stored-life.ts';
import { report, type View } from './view.ts';

/** What is known of a key after memory and store have been looked into. */
interface Wanted {
  readonly key: string;
  readonly stale: Found | null;
  readonly seen: Seen | undefined;
}

/**
 * Reads several keys: one call to the store for all that memory has not, and one call of the loader for all that are
 * missing and not being loaded by somebody else. One answer for each key, in order; null where there is nothing.
 *
 * A batch never waits for another process's lease: it loads those keys too, and does not store them (S17).
 */
export async function readMany(
  view: View,
  keys: readonly string[],
  loader: BatchLoader<unknown> | null,
  options: CallOptions,
): Promise<(Found | null)[]> {
  options.signal?.throwIfAborted();
  const answers = new Map<string, Found | null>();
  const missing = new Set<string>();
  for (const key of keys) {
    if (answers.has(key) || missing.has(key)) continue;
    const kept = options.refresh || options.schema !== null ? null : fromL1(view, key);
    if (kept !== null && !isStale(kept)) {
      countHit(view, key, kept);
      answers.set(key, kept);
    } else missing.add(key);
  }
  if (missing.size > 0) {
    const wanted = await lookUp(view, [...missing], options, answers);
    if (loader !== null && wanted.length > 0) await loadWanted(view, wanted, loader, options, answers);
    else for (const { key, stale } of wanted) answers.set(key, stale);
  }
  return keys.map((key) => answers.get(key) ?? null);
}

/** Looks into the store, or into memory with a schema in hand; answers what is not fresh there. */
async function lookUp(
  view: View,
  keys: readonly string[],
  options: CallOptions,
  answers: Map<string, Found | null>,
): Promise<Wanted[]> {
  const { context } = view;
  const wanted = view.hub.shared === null ? await lookInMemory(view, keys, options) : await lookInStore(view, keys, options, answers);
  const rest: Wanted[] = [];
  for (const one of wanted) {
    if (one.stale !== null && !isStale(one.stale) && !options.refresh) {
      countHit(view, one.key, one.stale);
      answers.set(one.key, one.stale);
      continue;
    }
    context.counters.misses += 1;
    if (context.emitter.active) context.emitter.emit('miss', { key: one.key, namespace: view.place.path });
    rest.push(one);
  }
  return rest;
}

function lookInMemory(view: View, keys: readonly string[], options: CallOptions): Promise<Wanted[]> {
  return Promise.all(
    keys.map(async (key): Promise<Wanted> => {
      if (options.schema === null || options.refresh) return { key, stale: fromL1(view, key), seen: undefined };
      // The single read knows how to check what memory has; it counts a hit there, so that is taken back here.
      const hits = view.context.counters.hits;
      const misses = view.context.counters.misses;
      const found = await read(view, key, null, options);
      view.context.counters.hits = hits;
      view.context.counters.misses = misses;
      return { key, stale: found, seen: undefined };
    }),
  );
}

async function lookInStore(
  view: View,
  keys: readonly string[],
  options: CallOptions,
  answers: Map<string, Found | null>,
): Promise<Wanted[]> {
  const { hub, place, context } = view;
  const began = beginning(view);
  const budget = new Budget(hub.options.storeTimeoutMs);
  const held = keys.map((key) => place.hold(key));
  try {
    const names = stampsToAsk(view, options.tags);
    const addresses = keys.map((key) => place.address(key));
    const answer = await hub.shared!.call('read', budget, context.counters.latency.storeRead, (store) =>
      store.read(addresses, { stamps: names }),
    );
    const stamps = stampsByName(view, names, answer.stamps, began);
    return await Promise.all(
      keys.map(async (key, index): Promise<Wanted> => {
        const look = await judge(view, answer.entries[index] ?? null, stamps, options, began, budget);
        const { found, seen } = look;
        if (found !== null && !isStale(found) && place.admits(held[index]!, began.asOf)) keepFound(view, key, found, began, options);
        return { key, stale: found, seen };
      }),
    );
  } catch (error) {
    report(context, error, 'read');
    for (const key of keys) answers.delete(key);
    return keys.map((key) => ({ key, stale: fromL1(view, key), seen: undefined }));
  } finally {
    keys.forEach((key, index) => place.release(key, held[index]!));
  }
}

async function loadWanted(
  view: View,
  wanted: readonly Wanted[],
  loader: BatchLoader<unknown>,
  options: CallOptions,
  answers: Map<string, Found | null>,
): Promise<void> {
  const cameAt = view.hub.table.generations.now;
  const joined: { readonly one: Wanted; readonly flight: Flight; readonly asOf: number }[] = [];
  const own: { readonly one: Wanted; readonly flight: Flight }[] = [];
  for (const one of wanted) {
    const running = joinable(view, one.key, options.stallTimeoutMs);
    if (running !== null) {
      view.context.counters.joins += 1;
      joined.push({ one, flight: running, asOf: running.asOf });
    } else {
      const flight = new Flight(view, one.key);
      if (view.hub.inFlight <= view.hub.options.maxInFlight) flight.link();
      own.push({ one, flight });
    }
  }
  if (own.length > 0) void runBatch(view, own, loader, options);
  const waits = [...joined, ...own].map(async ({ one, flight }) => {
    const found = await answerOf(view, one, flight, options);
    answers.set(one.key, found);
  });
  await Promise.all(waits);
  // A tag moved between the load that was joined and this call: those are read once more, by themselves.
  const late = joined.filter(({ one, asOf }) => asOf < cameAt && tagsMovedSince(view, answers.get(one.key) ?? null, asOf));
  if (late.length > 0) await loadWanted(view, late.map(({ one }) => one), loader, options, answers);
}

/** The value of one key of the batch, or a stale one where that is allowed. */
async function answerOf(view: View, one: Wanted, flight: Flight, options: CallOptions): Promise<Found | null> {
  const { stale } = one;
  if (stale === null || options.refresh) return flight.wait(options.signal);
  if (options.softTimeoutMs === 0) {
    flight.pin();
    view.context.background.add(flight.promise, 'refresh');
    view.context.counters.staleHits += 1;
    return stale;
  }
  try {
    return await view.hub.watchdog.guard(flight.wait(options.signal), options.softTimeoutMs, () => new Error('soft timeout'));
  } catch {
    options.signal?.throwIfAborted();
    flight.pin();
    view.context.counters.staleHits += 1;
    return stale;
  }
}

interface Owned {
  readonly one: Wanted;
  readonly flight: Flight;
}

/** One call of the loader for all the keys. Settles every flight and never rejects. */
async function runBatch(view: View, own: readonly Owned[], loader: BatchLoader<unknown>, options: CallOptions): Promise<void> {
  const { hub, context } = view;
  try {
    const loading = hub.shared === null ? own : await leaseBatch(view, own, options);
    if (loading.length === 0) return;
    const notes = new Map(loading.map(({ one }) => [one.key, notesFor(view, options)] as const));
    const startedMs = hub.clock.now();
    for (const { flight } of loading) flight.begin();
    context.counters.loads += 1;
    const loaded = await callBatchLoader(view, loading, loader, notes, options);
    const loadMs = hub.clock.now() - startedMs;
    context.counters.latency.load.record(loadMs);
    for (const { one } of loading) {
      context.emitter.emit('load', { key: one.key, namespace: view.place.path, durationMs: loadMs, ok: true });
    }
    await keepBatch(view, loading, loaded, notes, loadMs, startedMs, options);
  } catch (error) {
    for (const { flight } of own) if (!flight.settled) flight.fail(error);
  } finally {
    for (const { flight } of own) {
      if (flight.right !== null) context.background.add(hub.leases!.leave(flight.right), 'release a lease');
    }
  }
}

/** Leases for the keys that can be had, in one call. Settles those that another process has stored meanwhile. */
async function leaseBatch(view: View, own: readonly Owned[], options: CallOptions): Promise<readonly Owned[]> {
  const { hub, place, context } = view;
  const began = beginning(view);
  const names = [...place.stamps, ...options.tags];
  const budget = new Budget(hub.options.storeTimeoutMs);
  try {
    const requests = own.map(({ one }) => ({ key: place.address(one.key), ...(one.seen === undefined ? {} : { seen: one.seen }) }));
    const answer = await hub.shared!.call('lease', budget, context.counters.latency.storeLease, (store) =>
      store.lease(requests, { stamps: names, leaseMs: LEASE_MS }),
    );
    const stamps = stampsByName(view, names, answer.stamps, began);
    const loading: Owned[] = [];
    for (const [index, owned] of own.entries()) {
      const given = answer.answers[index]!;
      if ('lease' in given) owned.flight.right = hub.leases!.keep(given);
      else if (!('held' in given)) {
        const { found } = await judge(view, given, stamps, options, began, budget);
        if (found !== null && !isStale(found)) {
          if (owned.flight.admitted) keepFound(view, owned.one.key, found, began, options);
          owned.flight.settle(found);
          continue;
        }
      }
      loading.push(owned);
    }
    return loading;
  } catch (error) {
    report(context, error, 'lease');
    return own;
  }
}

async function callBatchLoader(
  view: View,
  loading: readonly Owned[],
  loader: BatchLoader<unknown>,
  notes: ReadonlyMap<string, LoadNotes>,
  options: CallOptions,
): Promise<BatchLoaded<unknown>> {
  const { hub, context } = view;
  const keys = loading.map(({ one }) => one.key);
  const controller = new AbortController();
  const startedMs = hub.clock.now();
  const giveUp = (reason: unknown): void => {
    controller.abort(reason);
    for (const { flight } of loading) flight.abort(reason);
  };
  // The loader is told when the last of its keys is given up.
  for (const { flight } of loading) {
    flight.promise.catch((error: unknown) => {
      if (loading.every((other) => other.flight.settled)) controller.abort(error);
    });
  }
  const batch = batchContext(controller.signal, notes);
  const start = async (): Promise<BatchLoaded<unknown>> => loader(keys, batch);
  const plan = options.retry;
  const work = plan === null ? start() : retry(start, { ...plan, clock: hub.clock, signal: controller.signal });
  try {
    const loaded = await hub.watchdog.guard(work, options.hardTimeoutMs, () => {
      const late = new CacheError(
        `The batch loader of ${keys.length} keys did not finish within ${options.hardTimeoutMs} ms.`,
        CacheErrorCode.OPERATION_TIMEOUT,
        { retryable: true, details: { hardTimeoutMs: options.hardTimeoutMs } },
      );
      giveUp(late);
      return late;
    });
    if (loaded instanceof Map || (Array.isArray(loaded) && loaded.length === keys.length)) return loaded;
    throw new CacheError(
      `A batch loader must answer a Map, or an array as long as its ${keys.length} keys.`,
      CacheErrorCode.INVALID_VALUE,
    );
  } catch (error) {
    context.counters.loadErrors += 1;
    const durationMs = hub.clock.now() - startedMs;
    for (const key of keys) context.emitter.emit('load', { key, namespace: view.place.path, durationMs, ok: false });
    throw error;
  }
}

function batchContext(signal: AbortSignal, notes: ReadonlyMap<string, LoadNotes>): BatchLoadContext {
  const of = (key: string | undefined): Iterable<LoadNotes> => {
    if (key === undefined) return notes.values();
    const one = notes.get(key);
    return one === undefined ? [] : [one];
  };
  return {
    signal,
    setOptions: (options: LoadedOptions, key?: string) => {
      for (const one of of(key)) one.setOptions(options);
    },
    tags: (tags: readonly string[], key?: string) => {
      for (const one of of(key)) one.addTags(tags);
    },
    skip: (key?: string) => {
      for (const one of of(key)) one.skip();
    },
  };
}

/** Stores what the batch has brought, all in one fill, and settles the flights. */
async function keepBatch(
  view: View,
  loading: readonly Owned[],
  loaded: BatchLoaded<unknown>,
  notes: ReadonlyMap<string, LoadNotes>,
  loadMs: number,
  startedMs: number,
  options: CallOptions,
): Promise<void> {
  const values = await Promise.all(
    loading.map(async ({ one, flight }, index) => {
      const raw = loaded instanceof Map ? loaded.get(one.key) : (loaded as readonly unknown[])[index];
      try {
        return await checkLoaded(one.key, raw, options);
      } catch (error) {
        view.context.counters.loadErrors += 1;
        flight.fail(error);
        return undefined;
      }
    }),
  );
  const lives = loading.map(({ one }) => ttlOf(notes.get(one.key)!.options, view.hub.clock));
  const refused = await fillBatch(view, loading, values, lives, notes, loadMs);
  loading.forEach(({ one, flight }, index) => {
    const value = values[index];
    if (flight.settled) return;
    if (value === undefined) {
      flight.settle(null);
      return;
    }
    const own = notes.get(one.key)!;
    const ttlMs = lives[index]!;
    const mayKeep = isStorable(own, value) && !refused.has(one.key) && flight.linked;
    if (mayKeep && !keepLoaded(view, flight, value, ttlMs, loadMs, startedMs, own.options)) view.context.counters.refusedFills += 1;
    const { graceMs, tags } = own.options;
    flight.settle({ value, source: 'loader', freshMs: ttlMs, keptMs: ttlMs + graceMs, ttlMs, graceMs, loadMs, tags });
  });
}

/** The keys whose values must not enter memory either: refused by the store, or unfit for it. */
async function fillBatch(
  view: View,
  loading: readonly Owned[],
  values: readonly unknown[],
  lives: readonly number[],
  notes: ReadonlyMap<string, LoadNotes>,
  loadMs: number,
): Promise<ReadonlySet<string>> {
  const { hub, place, context } = view;
  const refused = new Set<string>();
  const fills: { readonly key: string; readonly fill: Parameters<NonNullable<typeof hub.shared>['store']['fill']>[0][number] }[] = [];
  loading.forEach(({ one, flight }, index) => {
    const own = notes.get(one.key)!;
    if (flight.right === null || !isStorable(own, values[index]) || flight.settled) return;
    const lease = hub.leases!.spend(flight.right);
    if (lease === null) return;
    fills.push({ key: one.key, fill: { lease, entry: draftOf(place, values[index], lives[index]!, loadMs, own.options) } });
  });
  if (fills.length === 0) return refused;
  try {
    const budget = new Budget(hub.options.storeTimeoutMs);
    const outcomes = await hub.shared!.call('fill', budget, context.counters.latency.storeFill, (store) =>
      store.fill(fills.map(({ fill }) => fill)),
    );
    outcomes.forEach((outcome, index) => {
      if (outcome.stored) return;
      context.counters.refusedFills += 1;
      refused.add(fills[index]!.key);
    });
  } catch (error) {
    report(context, error, 'fill');
    if (isAboutValue(error)) for (const { key } of fills) refused.add(key);
  }
  return refused;
}
