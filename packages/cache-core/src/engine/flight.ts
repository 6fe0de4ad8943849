import { setMaxListeners } from 'node:events';
import type { Place } from '../memory/place.ts';
import type { Joinable, Watch } from '../memory/watch.ts';
import type { Found } from './found.ts';
import type { LeaseRight } from './lease-keeper.ts';
import type { View } from './view.ts';

/**
 * A load of one key that others may wait for. It settles once, with what was found (null: there is nothing) or the
 * loader's error. Who runs it, alone or in a batch, is not its business.
 */
export class Flight implements Joinable {
  /** The generation from which on an invalidation poisons it: taken anew when the loader begins. */
  asOf: number;
  readonly startedMs: number;
  readonly key: string;
  readonly place: Place;
  readonly watch: Watch;
  readonly promise: Promise<Found | null>;
  /** The right to fill the store; shared with a flight that takes over when this one stalls. */
  right: LeaseRight | null = null;
  /** False beyond the cap on work under way: then nobody joins and nothing is kept. */
  linked = false;
  /** Stored under its lease, or found in the store: nothing had overtaken it by then. */
  proven = false;
  /** Nobody waits: a refresh in the background. */
  unwanted = true;
  readonly #view: View;
  #resolve!: (found: Found | null) => void;
  #reject!: (error: unknown) => void;
  #controller: AbortController | null = null;
  #aborted: { readonly reason: unknown } | null = null;
  #settled = false;
  #waiters = 0;
  #pinned = false;

  constructor(view: View, key: string) {
    this.#view = view;
    this.key = key;
    this.place = view.place;
    this.asOf = view.hub.table.generations.now;
    this.startedMs = view.hub.clock.now();
    this.watch = this.place.hold(key);
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    view.hub.inFlight += 1;
    view.context.flights.add(this);
  }

  covers(key: string): boolean {
    return key === this.key;
  }

  /** Lets later callers join, and what it brings be kept. */
  link(): void {
    this.linked = true;
    this.watch.load = this;
  }

  get settled(): boolean {
    return this.#settled;
  }

  /** Whether what it brings may be kept in memory (P1). */
  get admitted(): boolean {
    return this.#aborted === null && this.place.admits(this.watch, this.asOf);
  }

  /** The loader begins now: whatever was invalidated before cannot touch what it will bring. */
  begin(): void {
    if (this.#aborted === null) this.asOf = this.#view.hub.table.generations.now;
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#aborted !== null) this.#controller.abort(this.#aborted.reason);
    }
    return this.#controller.signal;
  }

  settle(found: Found | null): void {
    if (this.#end()) this.#resolve(found);
  }

  fail(error: unknown): void {
    if (this.#end()) this.#reject(error);
  }

  /** Gives up: the loader is told, waiters are rejected, and nothing that still comes is kept. */
  abort(reason: unknown): void {
    if (this.#settled) return;
    this.#aborted = { reason };
    // Whoever waits hears of it; a flight that all have left must not become an unhandled rejection.
    this.promise.catch(ignore);
    this.#controller?.abort(reason);
    this.fail(reason);
  }

  /** It goes on even if nobody waits. False where that is so already. */
  pin(): boolean {
    const first = !this.#pinned;
    this.#pinned = true;
    return first;
  }

  /** Waits for it. With a signal, leaves alone when that aborts; the load is aborted when the last has left. */
  wait(signal: AbortSignal | null): Promise<Found | null> {
    this.#waiters += 1;
    this.unwanted = false;
    if (signal === null) return this.promise;
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiters -= 1;
        reject(signal.reason);
        if (this.#waiters === 0 && !this.#pinned) this.abort(signal.reason);
      };
      if (signal.aborted) {
        leave();
        return;
      }
      expectMany(signal);
      signal.addEventListener('abort', leave, { once: true });
      const settled = (): void => signal.removeEventListener('abort', leave);
      this.promise.then(
        (found) => {
          settled();
          resolve(found);
        },
        (error: unknown) => {
          settled();
          reject(error);
        },
      );
    });
  }

  #end(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    if (this.watch.load === this) this.watch.load = null;
    this.place.release(this.key, this.watch);
    this.#view.hub.inFlight -= 1;
    this.#view.context.flights.delete(this);
    return true;
  }
}

function ignore(): void {}

/** A request's signal may guard any number of reads: their listeners go when they are answered, and are no leak. */
export function expectMany(signal: AbortSignal): void {
  setMaxListeners(0, signal);
}

/** The load that a caller who begins now may wait for, if there is one. */
export function joinable(view: View, key: string, stallTimeoutMs: number): Flight | null {
  const flight = view.place.watched(key)?.load;
  if (!(flight instanceof Flight) || flight.asOf < view.place.movedAt) return null;
  return view.hub.clock.now() - flight.startedMs < stallTimeoutMs ? flight : null;
}

/** Whether one of the tags has moved since: then a value that began before is no answer to a caller who began after. */
export function tagsMovedSince(view: View, found: Found | null, asOf: number): boolean {
  if (found === null) return false;
  const { generations } = view.hub.table;
  return found.tags.some((tag) => generations.tag(tag).movedAt > asOf);
}

/** What a caller remembers of the load it waits for, to know afterwards whether the answer is new enough for it. */
export interface Join {
  readonly flight: Flight;
  readonly asOf: number;
  /** Something was invalidated here between the beginning of the load and this caller's coming. */
  readonly overtaken: boolean;
  /** The load is older than the D of the promises, and no bus tells what other processes have invalidated since. */
  readonly old: boolean;
}

/** @param cameAt the generation at which the caller came */
export function joinOf(view: View, flight: Flight, cameAt: number): Join {
  const { asOf, startedMs } = flight;
  return { flight, asOf, overtaken: asOf < cameAt, old: !view.hub.mayJoin(startedMs) };
}

/** Whether the answer comes from before the caller's own time: then it is loaded once more. */
export function isTooOld(view: View, join: Join, found: Found | null): boolean {
  // What was absent had no tags to go by: it may be there now.
  if (join.overtaken && (found === null || tagsMovedSince(view, found, join.asOf))) return true;
  return join.old && !join.flight.proven;
}
