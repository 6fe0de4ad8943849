import type { Loader } from '../contracts/loader.ts';
import { validate } from '../schema.ts';
import type { CallOptions } from './call-options.ts';
import { isDueForRefresh } from './early-refresh.ts';
import { expectMany, Flight, isTooOld, type Join, joinOf } from './flight.ts';
import { type Found, isStale } from './found.ts';
import { checkedBy, fromL1 } from './l1.ts';
import { joinOrLoad } from './load.ts';
import type { LoadRequest } from './load-request.ts';
import { type Look, readShared } from './shared-read.ts';
import { Budget } from './store-calls.ts';
import type { View } from './view.ts';

/**
 * One read, from memory to the source. Callers whose value is fresh in memory have not come here at all, unless there
 * is more to do than to hand it out.
 *
 * Answers what was found, fresh or stale; null where there is nothing. Rejects only with the loader's error, with the
 * reason of the caller's signal, or for a wrong configuration (P10).
 */
export function read(
  view: View,
  key: string,
  loader: Loader<unknown> | null,
  options: CallOptions,
): Promise<Found | null> {
  if (view.hub.shared !== null || options.schema !== null) return readThrough(view, key, loader, options);
  if (options.signal?.aborted === true) return Promise.reject(options.signal.reason);
  const kept = fromL1(view, key);
  if (kept !== null && !isStale(kept) && !options.refresh) {
    return Promise.resolve(hit(view, key, kept, loader, options, NOT_LOOKED));
  }
  return missed(view, key, loader, options, kept, NOT_LOOKED, null);
}

/** The same where there is something to wait for before the loader: the store, or a schema. */
function readThrough(
  view: View,
  key: string,
  loader: Loader<unknown> | null,
  options: CallOptions,
): Promise<Found | null> {
  const { hub } = view;
  if (hub.shared === null || options.schema !== null || options.signal !== null)
    return readChecked(view, key, loader, options);
  const kept = fromL1(view, key);
  if (kept !== null && !isStale(kept) && !options.refresh)
    return Promise.resolve(hit(view, key, kept, loader, options, NOT_LOOKED));
  const budget = new Budget(hub.options.storeTimeoutMs);
  return readShared(view, key, options, budget).then((look) =>
    looked(view, key, loader, options, kept, look, budget),
  );
}

/** The same for callers with a schema or a signal. */
async function readChecked(
  view: View,
  key: string,
  loader: Loader<unknown> | null,
  options: CallOptions,
): Promise<Found | null> {
  const { hub } = view;
  options.signal?.throwIfAborted();
  const kept = await fromL1Checked(view, key, options);
  if (kept !== null && !isStale(kept) && !options.refresh)
    return hit(view, key, kept, loader, options, NOT_LOOKED);
  if (hub.shared === null) return missed(view, key, loader, options, kept, NOT_LOOKED, null);
  const budget = new Budget(hub.options.storeTimeoutMs);
  const look = await unlessAborted(readShared(view, key, options, budget), options.signal);
  return looked(view, key, loader, options, kept, look, budget);
}

function looked(
  view: View,
  key: string,
  loader: Loader<unknown> | null,
  options: CallOptions,
  kept: Found | null,
  look: Look,
  budget: Budget,
): Found | Promise<Found | null> {
  const { found } = look;
  if (found !== null && !isStale(found) && !options.refresh)
    return hit(view, key, found, loader, options, look);
  // The store knows best: a stale copy in memory serves only where the store could not be asked.
  return missed(view, key, loader, options, found ?? (look.failed ? kept : null), look, budget);
}

/** Nothing fresh was found: loads, or serves what is stale. */
function missed(
  view: View,
  key: string,
  loader: Loader<unknown> | null,
  options: CallOptions,
  stale: Found | null,
  look: Look,
  budget: Budget | null,
): Promise<Found | null> {
  view.context.counters.misses += 1;
  if (view.context.emitter.active) view.context.emitter.emit('miss', { key, namespace: view.place.path });
  if (loader === null) return Promise.resolve(stale);
  const request = { key, loader, options, stale, seen: look.seen, storeFailed: look.failed, budget };
  if (options.refresh || (stale === null && view.hub.failures.isEmpty)) return answered(view, request);
  return loadOrServeStale(view, request);
}

const NOT_LOOKED: Look = { found: null, seen: undefined, failed: false };

/** A fresh value; begins a refresh in the background where that is due. */
function hit(
  view: View,
  key: string,
  found: Found,
  loader: Loader<unknown> | null,
  options: CallOptions,
  look: Look,
): Found {
  countHit(view, key, found);
  if (loader !== null && isDueForRefresh(found, options, view.hub.clock)) {
    refreshInBackground(view, { key, loader, options, stale: found, look }, 'early');
  }
  return found;
}

interface RefreshRequest {
  readonly key: string;
  readonly loader: Loader<unknown>;
  readonly options: CallOptions;
  readonly stale: Found;
  readonly look: Look;
}

function refreshInBackground(view: View, request: RefreshRequest, cause: 'early' | 'stale'): void {
  const { key, loader, stale, look } = request;
  if (view.hub.failures.get(view.place.address(key), view.hub.clock.now()) !== undefined) return;
  const options = { ...request.options, signal: null };
  const work = async (): Promise<void> => {
    // A hit in memory has not looked into the store; the lease is on what stands there.
    const budget = new Budget(view.hub.options.storeTimeoutMs);
    const unknown = view.hub.shared !== null && look === NOT_LOOKED;
    const current = unknown ? await readShared(view, key, options, budget) : look;
    if (current.found !== null && current !== look && current.found.freshMs > stale.freshMs) return;
    const flight = joinOrLoad(view, {
      key,
      loader,
      options,
      stale,
      seen: current.seen,
      storeFailed: current.failed,
      budget,
    });
    // Whoever began the refresh waits for it, and is the one who reports its failure.
    if (pinned(view, flight, cause)) await flight.promise;
  };
  view.context.background.add(work(), 'refresh', key);
}

/** Marks a load as one in the background; false where it is one already. */
function pinned(view: View, flight: Flight, cause: 'early' | 'stale'): boolean {
  if (!flight.pin()) return false;
  if (view.context.emitter.active)
    view.context.emitter.emit('refresh', { key: flight.key, namespace: view.place.path, cause });
  return true;
}

/** Step 4 of a read: a stale value is served at once, after `softTimeout`, or when the load has failed. */
async function loadOrServeStale(view: View, request: LoadRequest): Promise<Found | null> {
  const { hub, context } = view;
  const { key, options, stale } = request;
  const failure = hub.failures.get(view.place.address(key), hub.clock.now());
  if (failure !== undefined) {
    const nowMs = hub.clock.now();
    if (stale !== null && nowMs < failure.backoffUntilMs) return serveStale(view, key, stale);
    if (nowMs < failure.keptUntilMs) throw failure.error;
  }
  if (stale === null) return answered(view, request);
  if (options.softTimeoutMs === 0) {
    const flight = joinOrLoad(view, request);
    if (pinned(view, flight, 'stale')) context.background.add(flight.promise, 'refresh', flight.key);
    return serveStale(view, key, stale);
  }
  const beganMs = hub.clock.now();
  try {
    return await withinSoftTimeout(view, request, stale);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error !== TOO_SLOW && hub.clock.now() - beganMs >= stale.keptMs) throw error;
    return serveStale(view, key, stale);
  }
}

const TOO_SLOW = Symbol('softTimeout');

/** The load, or TOO_SLOW; then it goes on in the background. */
function withinSoftTimeout(view: View, request: LoadRequest, stale: Found): Promise<Found | null> {
  const { hub, context } = view;
  const work = answered(view, request);
  return hub.watchdog.guard(work, softLimitMs(request.options, stale), () => {
    const flight = view.place.watched(request.key)?.load;
    if (flight instanceof Flight && pinned(view, flight, 'stale')) {
      context.background.add(flight.promise, 'refresh', flight.key);
    }
    return TOO_SLOW;
  });
}

/** How long a caller waits before the stale value is answered: for ever, where that will be gone by then. */
export function softLimitMs({ softTimeoutMs }: CallOptions, stale: Found): number {
  return softTimeoutMs < stale.keptMs ? softTimeoutMs : Infinity;
}

/** Waits for the load. */
function answered(view: View, request: LoadRequest): Promise<Found | null> {
  const cameAt = view.hub.table.generations.now;
  let flight: Flight;
  try {
    flight = joinOrLoad(view, request);
  } catch (error) {
    return Promise.reject(error);
  }
  const work = flight.wait(request.options.signal);
  const join = joinOf(view, flight, cameAt);
  return join.overtaken || join.old ? unlessOutdated(view, request, work, join) : work;
}

async function unlessOutdated(
  view: View,
  request: LoadRequest,
  work: Promise<Found | null>,
  join: Join,
): Promise<Found | null> {
  const found = await work;
  if (!isTooOld(view, join, found)) return found;
  // Whatever is under way by now began after this caller came.
  return joinOrLoad(view, request).wait(request.options.signal);
}

function serveStale(view: View, key: string, stale: Found): Found {
  view.context.counters.staleHits += 1;
  if (view.context.emitter.active) {
    const source = stale.source === 'l1' ? 'l1' : 'l2';
    view.context.emitter.emit('hit', { key, namespace: view.place.path, source, stale: true });
  }
  return stale.freshMs > 0 ? { ...stale, freshMs: 0 } : stale;
}

export function countHit(view: View, key: string, found: Found): void {
  view.context.counters.hits += 1;
  if (!view.context.emitter.active) return;
  const source = found.source === 'l1' ? 'l1' : 'l2';
  view.context.emitter.emit('hit', { key, namespace: view.place.path, source, stale: false });
}

/** What memory has; checked where the caller has a schema that it has not passed yet. */
export async function fromL1Checked(view: View, key: string, options: CallOptions): Promise<Found | null> {
  const kept = fromL1(view, key);
  if (kept === null || options.schema === null || checkedBy(view, key) === options.schema) return kept;
  const result = await validate(options.schema, kept.value);
  if (result.valid) return { ...kept, value: result.value };
  view.context.counters.invalidValues += 1;
  view.hub.table.remove(view.place, key);
  return null;
}

/** Frees one caller of a wait that others share. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | null): Promise<T> {
  if (signal === null) return work;
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(signal.reason);
    expectMany(signal);
    signal.addEventListener('abort', leave, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}
