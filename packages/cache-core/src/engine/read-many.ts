import type { BatchLoader } from '../contracts/loader.ts';
import type { Watch } from '../memory/watch.ts';
import type { Wanted } from './batch-member.ts';
import type { CallOptions } from './call-options.ts';
import { Flight, isTooOld, type Join, joinable, joinOf } from './flight.ts';
import { type Found, isStale } from './found.ts';
import { fromL1 } from './l1.ts';
import { runBatch } from './load-many.ts';
import { countHit, fromL1Checked, softLimitMs } from './read.ts';
import {
  type Beginning,
  beginning,
  judge,
  keepFound,
  type Look,
  stampsByName,
  stampsToAsk,
} from './shared-read.ts';
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
  const missing: string[] = [];
  const asksMemory = view.usesL1 && !options.refresh && options.schema === null;
  for (const key of keys) {
    if (answers.has(key)) continue;
    const kept = asksMemory ? fromL1(view, key) : null;
    if (kept !== null && !isStale(kept)) {
      countHit(view, key, kept);
      answers.set(key, kept);
    } else {
      answers.set(key, null);
      missing.push(key);
    }
  }
  if (missing.length > 0) {
    const wanted = await lookUp(view, missing, options, answers);
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
  const looks =
    view.hub.shared === null
      ? await lookInMemory(view, keys, options)
      : await lookInStore(view, keys, options);
  const rest: Wanted[] = [];
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index]!;
    const { found, seen } = looks[index]!;
    if (found !== null && !isStale(found) && !options.refresh) {
      countHit(view, key, found);
      answers.set(key, found);
      continue;
    }
    context.counters.misses += 1;
    if (context.emitter.active) context.emitter.emit('miss', { key, namespace: view.place.path });
    rest.push({ key, stale: found, seen });
  }
  return rest;
}

function lookInMemory(view: View, keys: readonly string[], options: CallOptions): Promise<Look[]> {
  return Promise.all(
    keys.map(async (key): Promise<Look> => {
      const found = options.refresh ? fromL1(view, key) : await fromL1Checked(view, key, options);
      return { found, seen: undefined, failed: false };
    }),
  );
}

/** What the store has, and keeps what is fresh in memory; what memory has, where the store cannot be asked. */
async function lookInStore(view: View, keys: readonly string[], options: CallOptions): Promise<Look[]> {
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
    const judged = keys.map((_, index) =>
      judge(view, answer.entries[index] ?? null, stamps, options, began, budget),
    );
    const looks = isSettled(judged) ? judged : await Promise.all(judged.map(async (one) => one));
    if (held !== null) keepFresh(view, keys, held, looks, began, options);
    return looks;
  } catch (error) {
    report(context, error, 'read');
    return keys.map((key) => ({ found: fromL1(view, key), seen: undefined, failed: true }));
  } finally {
    if (held !== null) for (const [index, key] of keys.entries()) place.release(key, held[index]!);
  }
}

function isSettled(judged: readonly (Look | Promise<Look>)[]): judged is Look[] {
  return !judged.some((one) => one instanceof Promise);
}

function keepFresh(
  view: View,
  keys: readonly string[],
  held: readonly Watch[],
  looks: readonly Look[],
  began: Beginning,
  options: CallOptions,
): void {
  looks.forEach(({ found }, index) => {
    if (found !== null && !isStale(found) && view.place.admits(held[index]!, began.asOf))
      keepFound(view, keys[index]!, found, began, options);
  });
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
