import type { SharedEntry, UnreadableEntry } from '../contracts/shared-store.ts';
import type { Seen, Stamp, StampName } from '../contracts/stamp.ts';
import type { StandardSchema } from '../contracts/standard-schema.ts';
import type { Joinable } from '../memory/watch.ts';
import { validate } from '../schema.ts';
import { AnsweredStamps } from './answered-stamps.ts';
import type { CallOptions } from './call-options.ts';
import { tagsMovedSince } from './flight.ts';
import type { Found } from './found.ts';
import { keepInL1 } from './l1.ts';
import type { Budget, StoreCalls } from './store-calls.ts';
import { report, type View } from './view.ts';

/** What a look into the store brought. */
export interface Look {
  /** Fresh or stale, and valid under all its stamps; else null. */
  readonly found: Found | null;
  /** What stands there, valid or not, so that exactly this can be replaced. */
  readonly seen: Seen | undefined;
  /** The store could not be asked. */
  readonly failed: boolean;
}

const FAILED: Look = { found: null, seen: undefined, failed: true };

/** A look under way that others may wait for. */
class ReadFlight implements Joinable {
  readonly asOf: number;
  readonly startedMs: number;
  /** What its answer is checked against: another caller's schema says nothing to this one. */
  readonly schema: StandardSchema | null;
  promise!: Promise<Look>;

  constructor({ asOf, startedMs }: Beginning, schema: StandardSchema | null) {
    this.asOf = asOf;
    this.startedMs = startedMs;
    this.schema = schema;
  }
}

/** A moment at which reading began, in both reckonings that matter: the generation, and the monotonic clock. */
export interface Beginning {
  readonly asOf: number;
  readonly startedMs: number;
}

export function beginning(view: View): Beginning {
  return { asOf: view.hub.table.generations.now, startedMs: view.hub.clock.now() };
}

/**
 * Looks into the store for one key, together with all who do so at the time, and keeps what is fresh in memory. Never
 * rejects: a store that cannot be asked is a look that failed (P10).
 */
export function readShared(view: View, key: string, options: CallOptions, budget: Budget): Promise<Look> {
  // Hot path of a hit in the store: promises are what costs most here, so there is one for the look and no async function.
  const running = view.place.watched(key)?.read;
  if (running instanceof ReadFlight && canJoin(view, running, options.schema))
    return joinRead(view, key, options, budget, running);
  return beginRead(view, key, options, budget);
}

async function joinRead(
  view: View,
  key: string,
  options: CallOptions,
  budget: Budget,
  running: ReadFlight,
): Promise<Look> {
  const joinedAt = view.hub.table.generations.now;
  const look = await running.promise;
  // A tag of the entry that moved before this caller came: the answer is too old for it.
  if (joinedAt === running.asOf || !tagsMovedSince(view, look.found, running.asOf)) return look;
  return beginRead(view, key, options, budget);
}

function beginRead(view: View, key: string, options: CallOptions, budget: Budget): Promise<Look> {
  const { place } = view;
  const watch = place.hold(key);
  const began = beginning(view);
  const flight = new ReadFlight(began, options.schema);
  const ended = (look: Look): Look => {
    const { found } = look;
    if (found !== null && found.freshMs > 0 && place.admits(watch, began.asOf))
      keepFound(view, key, found, began, options);
    if (watch.read === flight) watch.read = null;
    place.release(key, watch);
    return look;
  };
  flight.promise = lookUp(view, key, options, began, budget, ended);
  watch.read = flight;
  return flight.promise;
}

/** Whether a caller who comes now may wait for a look that is under way. */
function canJoin({ hub, place }: View, running: ReadFlight, schema: StandardSchema | null): boolean {
  return running.asOf >= place.movedAt && running.schema === schema && hub.mayJoin(running.startedMs);
}

/** Keeps in memory what a look has found. Its times count from the beginning of the look. */
export function keepFound(
  view: View,
  key: string,
  found: Found,
  began: Beginning,
  options: CallOptions,
): void {
  if (!view.usesL1) return;
  // A plain store does not say how long its entries last: no copy of one is older than the D of the promises.
  const timed = view.hub.store.capabilities?.shared !== undefined;
  const freshMs = timed ? found.freshMs : Math.min(found.freshMs, view.hub.options.maxStalenessMs);
  const keptMs = timed ? found.keptMs : freshMs;
  const life = { ...found, freshMs, keptMs, startedMs: began.startedMs, asOf: began.asOf };
  keepInL1(view, key, found.value, life, options);
}

/** @param ended called with the outcome, whatever it is, before anybody hears of it */
function lookUp(
  view: View,
  key: string,
  options: CallOptions,
  began: Beginning,
  budget: Budget,
  ended: (look: Look) => Look,
): Promise<Look> {
  const calls = view.hub.shared!;
  const address = view.place.address(key);
  const names = stampsToAsk(view, options.tags);
  const failed = (error: unknown): Look => {
    report(view.context, error, 'read', key);
    return ended(FAILED);
  };
  return calls
    .call('read', budget, view.context.counters.latency.storeRead, (store) =>
      store.read([address], { stamps: names }),
    )
    .then((answer) => {
      try {
        const stamps = stampsByName(view, names, answer.stamps, began);
        const look = judge(view, answer.entries[0] ?? null, stamps, options, began, budget);
        return look instanceof Promise ? look.then(ended, failed) : ended(look);
      } catch (error) {
        return failed(error);
      }
    }, failed);
}

/** Root, namespaces, and those tags of the call that are not known. */
export function stampsToAsk(view: View, tags: readonly StampName[]): readonly StampName[] {
  if (tags.length === 0) return view.place.stamps;
  return [...view.place.stamps, ...tags.filter((tag) => view.hub.knownStamps.get(tag) === undefined)];
}

/** Sets the stamps of a reply beside their names, and remembers those of tags. */
export function stampsByName(
  view: View,
  names: readonly StampName[],
  stamps: readonly (Stamp | null)[],
  began: Beginning,
): AnsweredStamps {
  const own = view.place.stamps.length;
  for (let index = own; index < names.length; index++) {
    const stamp = stamps[index] ?? null;
    if (stamp !== null) view.hub.knownStamps.learn(names[index]!, stamp, began.asOf);
  }
  return new AnsweredStamps(names, stamps);
}

/**
 * Decides what an entry is worth: unreadable, invalid under one of its stamps, not what the schema asks for, stale or
 * fresh. Asks the store for stamps of tags that nobody has asked for yet; then, and with a schema, the answer is a promise.
 */
export function judge(
  view: View,
  entry: SharedEntry | UnreadableEntry | null,
  stamps: AnsweredStamps,
  options: CallOptions,
  began: Beginning,
  budget: Budget,
): Look | Promise<Look> {
  if (entry === null) return NOTHING;
  const { seen } = entry;
  if ('unreadable' in entry) {
    view.context.counters.unreadable += 1;
    view.context.logger.warn({ reason: entry.unreadable }, 'an entry in the store could not be read');
    return { found: null, seen, failed: false };
  }
  const valid = isValid(view, entry, stamps, began, budget);
  if (options.schema === null && typeof valid === 'boolean')
    return valid ? alive(view, entry, began) : dead(entry);
  return judgeSlowly(view, entry, valid, options, began);
}

const NOTHING: Look = { found: null, seen: undefined, failed: false };

function dead({ seen }: SharedEntry): Look {
  return { found: null, seen, failed: false };
}

/** What a valid entry is worth by now. */
function alive(view: View, entry: SharedEntry, began: Beginning): Look {
  const elapsedMs = view.hub.clock.now() - began.startedMs;
  const keptMs = entry.keptMs - elapsedMs;
  if (keptMs <= 0) return dead(entry);
  const { value, seen, ttlMs, graceMs, loadMs, tags } = entry;
  const freshMs = entry.freshMs - elapsedMs;
  return {
    found: { value, source: 'l2', freshMs, keptMs, ttlMs, graceMs, loadMs, tags },
    seen,
    failed: false,
  };
}

async function judgeSlowly(
  view: View,
  entry: SharedEntry,
  valid: boolean | Promise<boolean>,
  { schema }: CallOptions,
  began: Beginning,
): Promise<Look> {
  if (!(await valid)) return dead(entry);
  const look = alive(view, entry, began);
  if (look.found === null || schema === null) return look;
  const checked = await validate(schema, entry.value);
  if (checked.valid) return { ...look, found: { ...look.found, value: checked.value } };
  view.context.counters.invalidValues += 1;
  return dead(entry);
}

function isValid(
  view: View,
  entry: SharedEntry,
  stamps: AnsweredStamps,
  began: Beginning,
  budget: Budget,
): boolean | Promise<boolean> {
  const { store } = view.hub.shared!;
  for (const name of view.place.stamps) {
    const stamp = stamps.get(name) ?? null;
    if (stamp === null || !store.isCurrent(entry.asOf, name, stamp)) return false;
  }
  return entry.tags.length === 0 || tagsAreValid(view, entry, stamps, began, budget);
}

function tagsAreValid(
  view: View,
  entry: SharedEntry,
  stamps: AnsweredStamps,
  began: Beginning,
  budget: Budget,
): boolean | Promise<boolean> {
  const calls = view.hub.shared!;
  const current = (name: StampName, stamp: Stamp | null): boolean =>
    stamp !== null && calls.store.isCurrent(entry.asOf, name, stamp);
  const unknown: StampName[] = [];
  for (const tag of entry.tags) {
    const stamp = stamps.get(tag) ?? view.hub.knownStamps.get(tag);
    if (stamp === undefined) unknown.push(tag);
    else if (!current(tag, stamp)) return false;
    if (stamps.get(tag) === null) return false;
  }
  if (unknown.length === 0) return true;
  return tagStampsOf(view, calls, unknown, budget).then((answer) =>
    unknown.every((tag, index) => {
      const stamp = answer[index] ?? null;
      if (stamp !== null) view.hub.knownStamps.learn(tag, stamp, began.asOf);
      return current(tag, stamp);
    }),
  );
}

function tagStampsOf(
  view: View,
  calls: StoreCalls,
  names: readonly StampName[],
  budget: Budget,
): Promise<(Stamp | null)[]> {
  return calls.call('read stamps', budget, view.context.counters.latency.storeRead, (store) =>
    store.stamps(names),
  );
}
