import type { Lease } from '../contracts/shared-store.ts';
import { isCacheError } from '../errors/cache-error.ts';
import { CacheErrorCode } from '../errors/error-code.ts';
import type { CallOptions } from './call-options.ts';
import type { Flight } from './flight.ts';
import type { Found } from './found.ts';
import { keepInL1 } from './l1.ts';
import { isStorable, type Noted } from './load-context.ts';
import { Budget } from './store-calls.ts';
import { draftOf, lifeOf, ttlOf } from './stored-life.ts';
import { report, type View } from './view.ts';

/** A value that has just been loaded. */
export interface LoadedValue {
  readonly value: unknown;
  readonly loadMs: number;
  readonly startedMs: number;
  readonly noted: Noted;
}

/**
 * Stores what was loaded, if nothing stands against it, and says what callers get (step 5 of a read).
 * @param leftMs what is left of the time that a read may spend waiting for the store: a fill that takes longer goes on
 *   in the background, and memory then does not keep the value
 */
export async function keep(
  view: View,
  flight: Flight,
  loaded: LoadedValue,
  leftMs: number,
): Promise<Found | null> {
  const { value, noted, loadMs } = loaded;
  const { options } = noted;
  const ttlMs = ttlOf(options, view.hub.clock);
  if (flight.linked && flight.right !== null && isStorable(noted, value)) {
    const lease = view.hub.leases!.spend(flight.right);
    if (lease === null) return foundByLoad(loaded, ttlMs);
    const filling = fill(view, flight.key, value, ttlMs, loadMs, lease, options);
    const outcome = await within(view, filling, leftMs);
    if (outcome === 'refused' || outcome === 'unstorable' || outcome === 'late')
      return foundByLoad(loaded, ttlMs);
    flight.proven = outcome === 'stored';
  }
  return keepInMemory(view, flight, loaded, ttlMs);
}

/** The outcome of a fill, or `late`; then it goes on in the background. */
function within(view: View, filling: Promise<FillOutcome>, leftMs: number): Promise<FillOutcome | 'late'> {
  return view.hub.watchdog
    .guard<FillOutcome | 'late'>(filling, leftMs, () => {
      view.context.background.add(filling, 'fill');
      return LATE;
    })
    .catch(() => 'late');
}

const LATE = Symbol('late');

type FillOutcome = 'stored' | 'refused' | 'failed' | 'unstorable';

/** The same where memory is all there is, or all that is left to do. */
export function keepInMemory(view: View, flight: Flight, loaded: LoadedValue, ttlMs: number): Found | null {
  const { value, noted, loadMs, startedMs } = loaded;
  if (value === undefined) return null;
  if (flight.linked && isStorable(noted, value)) {
    const kept = keepLoaded(view, flight, value, ttlMs, loadMs, startedMs, noted.options);
    if (!kept) view.context.counters.refusedFills += 1;
  }
  return foundByLoad(loaded, ttlMs);
}

function foundByLoad({ value, loadMs, noted }: LoadedValue, ttlMs: number): Found {
  const { graceMs, tags } = noted.options;
  return { value, source: 'loader', freshMs: ttlMs, keptMs: ttlMs + graceMs, ttlMs, graceMs, loadMs, tags };
}

/** Puts a loaded value into memory unless it has been poisoned meanwhile; and poisons older loads of the key. */
export function keepLoaded(
  view: View,
  flight: Flight,
  value: unknown,
  ttlMs: number,
  loadMs: number,
  startedMs: number,
  options: CallOptions,
): boolean {
  const { generations } = view.hub.table;
  const moved = !flight.admitted || options.tags.some((tag) => generations.tag(tag).movedAt > flight.asOf);
  if (moved) return false;
  if (!keepsVersion(view, flight.key, options.version)) return false;
  keepInL1(
    view,
    flight.key,
    value,
    lifeOf(ttlMs, loadMs, { asOf: flight.asOf, startedMs }, options),
    options,
  );
  flight.watch.movedAt = generations.next();
  return true;
}

/** Whether a value of this version may replace what memory, as the only tier, has. */
export function keepsVersion(view: View, key: string, version: number | undefined): boolean {
  if (version === undefined || view.hub.shared !== null) return true;
  const kept = view.hub.table.versionOf(view.place, key);
  return kept === undefined || kept <= version;
}

/** Fills the store under a lease. A store that fails is not the caller's fault: the value is good all the same. */
async function fill(
  view: View,
  key: string,
  value: unknown,
  ttlMs: number,
  loadMs: number,
  lease: Lease,
  options: CallOptions,
): Promise<FillOutcome> {
  const { hub, context } = view;
  try {
    const entry = draftOf(view.place, value, ttlMs, loadMs, options);
    const budget = new Budget(hub.options.storeTimeoutMs);
    const [outcome] = await hub.shared!.call('fill', budget, context.counters.latency.storeFill, (store) =>
      store.fill([{ lease, entry }]),
    );
    if (outcome!.stored) return 'stored';
    context.counters.refusedFills += 1;
    return 'refused';
  } catch (error) {
    report(context, error, 'fill', key);
    if (isUndone(error)) context.background.add(hub.leases!.giveBack([lease]), 'release');
    return isAboutValue(error) ? 'unstorable' : 'failed';
  }
}

/** Whether a fill that failed has left its lease where it was, so that others would wait for nothing. */
export function isUndone(error: unknown): boolean {
  return isAboutValue(error) || (isCacheError(error) && error.details.applied === 'no');
}

/** Whether a store has refused a value for its own sake: then it is kept nowhere, so that both tiers agree (P15). */
export function isAboutValue(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return (
    code === CacheErrorCode.SERIALIZATION_FAILED ||
    code === CacheErrorCode.INVALID_VALUE ||
    code === CacheErrorCode.VALUE_TOO_LARGE
  );
}
