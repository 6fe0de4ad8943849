import type { Loader } from '../contracts/loader.ts';
import type { Lease } from '../contracts/shared-store.ts';
import type { Seen } from '../contracts/stamp.ts';
import { CacheError } from '../errors/cache-error.ts';
import { CacheErrorCode } from '../errors/error-code.ts';
import { shownKey } from '../key.ts';
import { retry } from '../resilience/retry.ts';
import { validate } from '../schema.ts';
import type { CallOptions } from './call-options.ts';
import { Flight, joinable } from './flight.ts';
import type { Found } from './found.ts';
import { keepInL1 } from './l1.ts';
import { LEASE_MS } from './lease-keeper.ts';
import { isStorable, type LoadNotes, loadContext, notesFor } from './load-context.ts';
import { beginning, judge, keepFound, stampsByName } from './shared-read.ts';
import { Budget } from './store-calls.ts';
import { draftOf, lifeOf, ttlOf } from './stored-life.ts';
import { report, type View } from './view.ts';

/** A load that is wanted: of what, how, and what is known already. */
export interface LoadRequest {
  readonly key: string;
  readonly loader: Loader<unknown>;
  readonly options: CallOptions;
  /** What it is to replace, for the loader's eyes. */
  readonly stale: Found | null;
  readonly seen: Seen | undefined;
  /** The store could not be read a moment ago: it is not asked for a lease either. */
  readonly storeFailed: boolean;
  readonly budget: Budget;
}

/** Loaders that are being called at this very moment: one that asks for its own key would wait for itself. */
const calling: Flight[] = [];

/**
 * The load that answers this request: one that is under way already, or one that begins now.
 * @throws INVALID_CONFIGURATION where a loader asks for the key that it is loading
 */
export function joinOrLoad(view: View, request: LoadRequest): Flight {
  const { hub, context } = view;
  const running = joinable(view, request.key, request.options.stallTimeoutMs);
  if (running !== null) {
    if (calling.includes(running)) throw recursion(request.key);
    context.counters.joins += 1;
    return running;
  }
  const crowded = hub.inFlight >= hub.options.maxInFlight;
  const stalled = view.place.watched(request.key)?.load;
  const flight = new Flight(view, request.key);
  // Beyond the cap nothing is coalesced and nothing stored: memory stays bounded (P18).
  if (!crowded) {
    if (stalled instanceof Flight && stalled.right !== null && !stalled.right.spent && stalled.asOf >= view.place.movedAt) {
      flight.right = stalled.right;
      flight.right.users += 1;
    }
    flight.link();
  }
  void run(view, request, flight);
  return flight;
}

/** One load from beginning to end: lease, loader, fill. Settles the flight and never rejects. */
async function run(view: View, request: LoadRequest, flight: Flight): Promise<void> {
  const { hub } = view;
  try {
    if (flight.linked && hub.shared !== null && !request.storeFailed && flight.right === null) {
      const newer = await obtainRight(view, request, flight);
      if (newer !== undefined) {
        flight.settle(newer);
        return;
      }
    }
    if (flight.settled) return;
    const notes = notesFor(view, request.options);
    const startedMs = hub.clock.now();
    const value = await loadInTurn(view, request, flight, notes);
    const loadMs = hub.clock.now() - startedMs;
    hub.failures.delete(view.place.address(request.key));
    flight.settle(await keep(view, flight, value, notes, loadMs, startedMs));
  } catch (error) {
    flight.fail(error);
  } finally {
    if (flight.right !== null) view.context.background.add(hub.leases!.leave(flight.right), 'release a lease');
  }
}

/**
 * Gets the right to fill (step 3 of a read). Leaves it on the flight, or leaves none where the store cannot give one
 * in time: then the value will not be stored. Answers what another process has stored meanwhile, if that is fresh, or
 * null where nobody wants the load any more.
 */
async function obtainRight(view: View, request: LoadRequest, flight: Flight): Promise<Found | null | undefined> {
  const { hub, place } = view;
  const { clock } = hub;
  const address = place.address(request.key);
  const names = [...place.stamps, ...request.options.tags];
  const beganMs = clock.now();
  let { seen, budget } = request;
  for (let newer = 0; newer <= MAX_NEWER; ) {
    const began = beginning(view);
    const lease = { key: address, ...(seen === undefined ? {} : { seen }) };
    try {
      const answer = await hub.shared!.call('lease', budget, view.context.counters.latency.storeLease, (store) =>
        store.lease([lease], { stamps: names, leaseMs: LEASE_MS }),
      );
      const given = answer.answers[0]!;
      if ('lease' in given) {
        flight.right = hub.leases!.keep(given);
        return undefined;
      }
      if ('held' in given) {
        const waitedMs = clock.now() - beganMs;
        if (waitedMs >= request.options.leaseWaitMs || flight.settled) return undefined;
        if (flight.unwanted) return null;
        await pause(view, Math.min(pollMs(view, waitedMs), request.options.leaseWaitMs - waitedMs));
      } else {
        newer += 1;
        const stamps = stampsByName(view, names, answer.stamps, began);
        const look = await judge(view, given, stamps, request.options, began, budget);
        if (look.found !== null && look.found.freshMs > 0) {
          if (flight.admitted) keepFound(view, request.key, look.found, began, request.options);
          return look.found;
        }
        seen = look.seen;
      }
    } catch (error) {
      report(view.context, error, 'lease', request.key);
      return undefined;
    }
    // Waiting for another process is not waiting for the store: each poll has a deadline of its own.
    budget = new Budget(hub.options.storeTimeoutMs);
  }
  return undefined;
}

const MAX_NEWER = 3;

/** Between two looks at a lease that another holds: 5 to 15 ms at first, up to 50 after the first 200 (P12). */
function pollMs(view: View, waitedMs: number): number {
  return 5 + view.hub.clock.random() * (waitedMs < 200 ? 10 : 45);
}

function pause(view: View, ms: number): Promise<void> {
  return new Promise((resolve) => {
    view.hub.clock.schedule(resolve, ms);
  });
}

/** Runs the loader, in line with others while the store is down (P10). */
async function loadInTurn(view: View, request: LoadRequest, flight: Flight, notes: LoadNotes): Promise<unknown> {
  const { hub } = view;
  const limited = hub.shared !== null && hub.breaker.state !== 'closed';
  if (limited) await hub.loadLimit.enter(request.options.leaseWaitMs);
  try {
    return await callLoader(view, request, flight, notes);
  } finally {
    if (limited) hub.loadLimit.leave();
  }
}

async function callLoader(view: View, request: LoadRequest, flight: Flight, notes: LoadNotes): Promise<unknown> {
  const { hub, context } = view;
  const { options, key } = request;
  const startedMs = hub.clock.now();
  flight.begin();
  context.counters.loads += 1;
  try {
    const run = options.retry;
    const work =
      run === null
        ? start(request, flight, notes)
        : retry(() => start(request, flight, notes), { ...run, clock: hub.clock, signal: flight.signal });
    const value = await hub.watchdog.guard(work, options.hardTimeoutMs, () => {
      const late = new CacheError(
        `The loader of '${shownKey(key)}' did not finish within ${options.hardTimeoutMs} ms.`,
        CacheErrorCode.OPERATION_TIMEOUT,
        { retryable: true, details: { hardTimeoutMs: options.hardTimeoutMs } },
      );
      flight.abort(late);
      return late;
    });
    const checked = await checkLoaded(key, value, options);
    ended(view, key, startedMs, true);
    return checked;
  } catch (error) {
    context.counters.loadErrors += 1;
    ended(view, key, startedMs, false);
    if (flight.admitted) remember(view, request, error);
    throw error;
  }
}

/** Calls the loader once. One that throws before it answers has failed like one that rejects. */
async function start(request: LoadRequest, flight: Flight, notes: LoadNotes): Promise<unknown> {
  calling.push(flight);
  let answer: unknown;
  try {
    answer = request.loader(loadContext(flight, notes, request.stale));
  } finally {
    calling.pop();
  }
  return answer;
}

/** @throws VALIDATION_FAILED */
export async function checkLoaded(key: string, value: unknown, options: CallOptions): Promise<unknown> {
  if (options.schema === null || value === undefined) return value;
  const result = await validate(options.schema, value);
  if (result.valid) return result.value;
  throw new CacheError(
    `What was loaded for '${shownKey(key)}' does not match the schema: ${result.issueCount} issue(s), at ${result.paths.map((path) => `'${path}'`).join(', ')}.`,
    CacheErrorCode.VALIDATION_FAILED,
    { cause: result.cause, details: { paths: result.paths } },
  );
}

/** Stores what was loaded, if nothing stands against it, and says what callers get (step 5 of a read). */
async function keep(
  view: View,
  flight: Flight,
  value: unknown,
  notes: LoadNotes,
  loadMs: number,
  startedMs: number,
): Promise<Found | null> {
  if (value === undefined) return null;
  const { options } = notes;
  const ttlMs = ttlOf(options, view.hub.clock);
  const found: Found = {
    value,
    source: 'loader',
    freshMs: ttlMs,
    keptMs: ttlMs + options.graceMs,
    ttlMs,
    graceMs: options.graceMs,
    loadMs,
    tags: options.tags,
  };
  if (!flight.linked || !isStorable(notes, value)) return found;
  const lease = flight.right === null ? null : view.hub.leases!.spend(flight.right);
  if (lease !== null) {
    const outcome = await fill(view, flight.key, value, ttlMs, loadMs, lease, options);
    if (outcome === 'refused' || outcome === 'unstorable') return found;
  } else if (flight.right !== null) return found;
  if (!keepLoaded(view, flight, value, ttlMs, loadMs, startedMs, options)) view.context.counters.refusedFills += 1;
  return found;
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
  keepInL1(view, flight.key, value, lifeOf(ttlMs, loadMs, { asOf: flight.asOf, startedMs }, options), options);
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
): Promise<'stored' | 'refused' | 'failed' | 'unstorable'> {
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
    return isAboutValue(error) ? 'unstorable' : 'failed';
  }
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

function ended(view: View, key: string, startedMs: number, ok: boolean): void {
  const durationMs = view.hub.clock.now() - startedMs;
  view.context.counters.latency.load.record(durationMs);
  view.context.emitter.emit('load', { key, namespace: view.place.path, durationMs, ok });
}

/** Remembers a failed load for as long as the options say. */
function remember(view: View, { key, options, stale }: LoadRequest, error: unknown): void {
  const nowMs = view.hub.clock.now();
  const keptMs = Math.max(options.errorTtlMs, options.errorBackoffMs ?? 0);
  const backoffMs = options.errorBackoffMs ?? (stale === null ? 0 : STALE_BACKOFF_MS);
  if (keptMs === 0 && backoffMs === 0) return;
  view.hub.failures.set(view.place.address(key), {
    error,
    keptUntilMs: nowMs + keptMs,
    backoffUntilMs: nowMs + Math.max(backoffMs, options.errorTtlMs),
  });
}

const STALE_BACKOFF_MS = 1000;

function recursion(key: string): CacheError {
  return new CacheError(
    `The loader of '${shownKey(key)}' asks the cache for '${shownKey(key)}' itself, and would wait for its own end. ` +
      'Read the source in the loader, or use another key.',
    CacheErrorCode.INVALID_CONFIGURATION,
  );
}
