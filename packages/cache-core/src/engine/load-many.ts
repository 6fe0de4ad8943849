import type { BatchLoadContext, BatchLoaded, BatchLoader, LoadedOptions } from '../contracts/loader.ts';
import { CacheError } from '../errors/cache-error.ts';
import { CacheErrorCode } from '../errors/error-code.ts';
import { retry } from '../resilience/retry.ts';
import type { Owned } from './batch-member.ts';
import type { CallOptions } from './call-options.ts';
import { isStale } from './found.ts';
import { keepBatch } from './keep-many.ts';
import { LEASE_MS } from './lease-keeper.ts';
import { type LoadNotes, notesFor } from './load-context.ts';
import { callWatched } from './recursion.ts';
import { beginning, judge, keepFound, stampsByName } from './shared-read.ts';
import { Budget } from './store-calls.ts';
import { report, type View } from './view.ts';

/** One call of the loader for all the keys. Settles every flight and never rejects. */
export async function runBatch(
  view: View,
  own: readonly Owned[],
  loader: BatchLoader<unknown>,
  options: CallOptions,
): Promise<void> {
  const { hub, context } = view;
  let inLine = false;
  try {
    const loading = hub.shared === null ? own : await leaseBatch(view, own, options);
    if (loading.length === 0) return;
    if (hub.shared !== null && hub.breaker.state !== 'closed') {
      await hub.loadLimit.enter(options.leaseWaitMs);
      inLine = true;
    }
    const notes = new Map(loading.map(({ one }) => [one.key, notesFor(view, options)] as const));
    const startedMs = hub.clock.now();
    for (const { flight } of loading) flight.begin();
    context.counters.loads += 1;
    const loaded = await callBatchLoader(view, loading, loader, notes, options);
    const loadMs = hub.clock.now() - startedMs;
    context.counters.latency.load.record(loadMs);
    for (const { one } of loading) {
      context.emitter.emit('load', {
        key: one.key,
        namespace: view.place.path,
        durationMs: loadMs,
        ok: true,
      });
    }
    await keepBatch(view, loading, loaded, notes, loadMs, startedMs, options);
  } catch (error) {
    for (const { flight } of own) if (!flight.settled) flight.fail(error);
  } finally {
    if (inLine) hub.loadLimit.leave();
    for (const { flight } of own) {
      if (flight.right !== null) context.background.add(hub.leases!.leave(flight.right), 'release a lease');
    }
  }
}

/** Leases for the keys that can be had, in one call. Settles those that another process has stored meanwhile. */
async function leaseBatch(
  view: View,
  own: readonly Owned[],
  options: CallOptions,
): Promise<readonly Owned[]> {
  const { hub, place, context } = view;
  const began = beginning(view);
  const names = [...place.stamps, ...options.tags];
  const budget = new Budget(hub.options.storeTimeoutMs);
  try {
    // Beyond the cap on work under way nothing is stored.
    const linked = own.filter(({ flight }) => flight.linked);
    if (linked.length === 0) return own;
    const requests = linked.map(({ one }) => ({
      key: place.address(one.key),
      ...(one.seen === undefined ? {} : { seen: one.seen }),
    }));
    const answer = await hub.shared!.call('lease', budget, context.counters.latency.storeLease, (store) =>
      store.lease(requests, { stamps: names, leaseMs: LEASE_MS }),
    );
    const stamps = stampsByName(view, names, answer.stamps, began);
    const loading = own.filter(({ flight }) => !flight.linked);
    for (const [index, owned] of linked.entries()) {
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
  let unsettled = loading.length;
  const settled = (): boolean => --unsettled === 0;
  for (const { flight } of loading) {
    flight.promise.then(settled, (error: unknown) => {
      if (settled()) controller.abort(error);
    });
  }
  const batch = batchContext(controller.signal, notes);
  const wanting = { place: view.place, covers: (key: string) => notes.has(key) };
  const start = async (): Promise<BatchLoaded<unknown>> => callWatched(wanting, () => loader(keys, batch));
  const plan = options.retry;
  const work =
    plan === null ? start() : retry(start, { ...plan, clock: hub.clock, signal: controller.signal });
  try {
    const loaded = await hub.watchdog.guard(
      work,
      options.hardTimeoutMs,
      () => {
        const late = new CacheError(
          `The batch loader of ${keys.length} keys did not finish within ${options.hardTimeoutMs} ms.`,
          CacheErrorCode.OPERATION_TIMEOUT,
          { retryable: true, details: { hardTimeoutMs: options.hardTimeoutMs } },
        );
        giveUp(late);
        return late;
      },
      controller.signal,
    );
    if (loaded instanceof Map || (Array.isArray(loaded) && loaded.length === keys.length)) return loaded;
    throw new CacheError(
      `A batch loader must answer a Map, or an array as long as its ${keys.length} keys.`,
      CacheErrorCode.INVALID_VALUE,
    );
  } catch (error) {
    context.counters.loadErrors += 1;
    const durationMs = hub.clock.now() - startedMs;
    for (const key of keys)
      context.emitter.emit('load', { key, namespace: view.place.path, durationMs, ok: false });
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
