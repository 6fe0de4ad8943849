import type { BatchLoaded } from '../contracts/loader.ts';
import { type CacheError, isCacheError } from '../errors/cache-error.ts';
import { CacheErrorCode } from '../errors/error-code.ts';
import { checkValue, isThenable } from '../value.ts';
import type { Owned } from './batch-member.ts';
import { checkLoaded } from './call-loader.ts';
import type { CallOptions } from './call-options.ts';
import { isAboutValue, isUndone, keepLoaded } from './keep-loaded.ts';
import { isStorable, type LoadNotes } from './load-context.ts';
import { Budget } from './store-calls.ts';
import { draftOf, ttlOf } from './stored-life.ts';
import { report, type View } from './view.ts';

/** Stores what the batch has brought, all in one fill, and settles the flights. */
export async function keepBatch(
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
        // `keys.map(async …)` without a Promise.all: each would be kept as the promise that it is.
        if (isThenable(raw)) checkValue(one.key, raw);
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
    if (mayKeep && !keepLoaded(view, flight, value, ttlMs, loadMs, startedMs, own.options))
      view.context.counters.refusedFills += 1;
    const { graceMs, tags } = own.options;
    flight.settle({
      value,
      source: 'loader',
      freshMs: ttlMs,
      keptMs: ttlMs + graceMs,
      ttlMs,
      graceMs,
      loadMs,
      tags,
    });
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
  const fills: {
    readonly key: string;
    readonly flight: Owned['flight'];
    readonly fill: Parameters<NonNullable<typeof hub.shared>['store']['fill']>[0][number];
  }[] = [];
  loading.forEach(({ one, flight }, index) => {
    const own = notes.get(one.key)!;
    if (flight.right === null || !isStorable(own, values[index]) || flight.settled) return;
    const lease = hub.leases!.spend(flight.right);
    if (lease === null) {
      refused.add(one.key);
      return;
    }
    fills.push({
      key: one.key,
      flight,
      fill: { lease, entry: draftOf(place, values[index], lives[index]!, loadMs, own.options) },
    });
  });
  if (fills.length === 0) return refused;
  try {
    const budget = new Budget(hub.options.storeTimeoutMs);
    const outcomes = await hub.shared!.call('fill', budget, context.counters.latency.storeFill, (store) =>
      store.fill(fills.map(({ fill }) => fill)),
    );
    outcomes.forEach((outcome, index) => {
      if (outcome.stored) {
        fills[index]!.flight.proven = true;
        return;
      }
      context.counters.refusedFills += 1;
      refused.add(fills[index]!.key);
    });
  } catch (error) {
    report(context, error, 'fill');
    // Where the store says which have failed, the others are stored.
    const some = isCacheError(error, CacheErrorCode.BULK_FAILED) ? error.details.failed : undefined;
    const failed = Array.isArray(some) ? fills.filter((_, index) => some.includes(index)) : fills;
    const reason = failed === fills ? error : (error as CacheError).cause;
    for (const one of fills) if (!failed.includes(one)) one.flight.proven = true;
    if (isAboutValue(reason)) for (const { key } of failed) refused.add(key);
    if (isUndone(reason))
      context.background.add(hub.leases!.giveBack(failed.map(({ fill }) => fill.lease)), 'release');
  }
  return refused;
}
