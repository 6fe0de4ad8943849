import type { BatchLoader } from '../contracts/loader.ts';
import type { Wanted } from './batch-member.ts';
import type { CallOptions } from './call-options.ts';
import { Flight, isTooOld, type Join, joinable, joinOf } from './flight.ts';
import { type Found, isStale } from './found.ts';
import { fromL1 } from './l1.ts';
import { runBatch } from './load-many.ts';
import { countHit, fromL1Checked, softLimitMs } from './read.ts';
import { beginning, judge, keepFound, type Look, stampsByName, stampsToAsk } from './shared-read.ts';
import { Budget } from './store-calls.ts';
import { report, type View } from './view.ts';

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
  const wanted =
    view.hub.shared === null
      ? await lookInMemory(view, keys, options)
      : await lookInStore(view, keys, options, answers);
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
      const kept = options.refresh ? fromL1(view, key) : await fromL1Checked(view, key, options);
      return { key, stale: kept, seen: undefined };
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
  // What is not kept in memory need not be watched meanwhile.
  const held = view.usesL1 ? keys.map((key) => place.hold(key)) : null;
  try {
    const names = stampsToAsk(view, options.tags);
    const addresses = keys.map((key) => place.address(key));
    const answer = await hub.shared!.call('read', budget, context.counters.latency.storeRead, (store) =>
      store.read(addresses, { stamps: names }),
    );
    const stamps = stampsByName(view, names, answer.stamps, began);
    const wanted = new Array<Wanted>(keys.length);
    const pending: Promise<void>[] = [];
    for (let index = 0; index < keys.length; index++) {
      const key = keys[index]!;
      const kept = ({ found, seen }: Look): void => {
        if (held !== null && found !== null && !isStale(found) && place.admits(held[index]!, began.asOf))
          keepFound(view, key, found, began, options);
        wanted[index] = { key, stale: found, seen };
      };
      const look = judge(view, answer.entries[index] ?? null, stamps, options, began, budget);
      if (look instanceof Promise) pending.push(look.then(kept));
      else kept(look);
    }
    if (pending.length > 0) await Promise.all(pending);
    return wanted;
  } catch (error) {
    report(context, error, 'read');
    for (const key of keys) answers.delete(key);
    return keys.map((key) => ({ key, stale: fromL1(view, key), seen: undefined }));
  } finally {
    if (held !== null) for (const [index, key] of keys.entries()) place.release(key, held[index]!);
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
  const joined: { readonly one: Wanted; readonly flight: Flight; readonly join: Join }[] = [];
  const own: { readonly one: Wanted; readonly flight: Flight }[] = [];
  for (const one of wanted) {
    const running = joinable(view, one.key, options.stallTimeoutMs);
    if (running !== null) {
      view.context.counters.joins += 1;
      joined.push({ one, flight: running, join: joinOf(view, running, cameAt) });
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
  // The load that was joined is from before this call's time: those are loaded once more, by themselves.
  // Not those answered with a stale value: their load may still be running, and would be joined again and again.
  const late = joined.filter(({ one, join }) => {
    const found = answers.get(one.key) ?? null;
    return (one.stale === null || found !== one.stale) && isTooOld(view, join, found);
  });
  if (late.length > 0)
    await loadWanted(
      view,
      late.map(({ one }) => one),
      loader,
      options,
      answers,
    );
}

/** The value of one key of the batch, or a stale one where that is allowed. */
async function answerOf(
  view: View,
  one: Wanted,
  flight: Flight,
  options: CallOptions,
): Promise<Found | null> {
  const { stale } = one;
  if (stale === null || options.refresh) return flight.wait(options.signal);
  if (options.softTimeoutMs === 0) {
    if (flight.pin()) view.context.background.add(flight.promise, 'refresh', flight.key);
    view.context.counters.staleHits += 1;
    return stale;
  }
  const beganMs = view.hub.clock.now();
  try {
    return await view.hub.watchdog.guard(
      flight.wait(options.signal),
      softLimitMs(options, stale),
      () => new Error('soft timeout'),
    );
  } catch (error) {
    options.signal?.throwIfAborted();
    if (view.hub.clock.now() - beganMs >= stale.keptMs) throw error;
    flight.pin();
    view.context.counters.staleHits += 1;
    return stale;
  }
}
