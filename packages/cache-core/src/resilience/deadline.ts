import type { Clock, Scheduled } from '../contracts/clock.ts';
import { CacheError } from '../errors/cache-error.ts';
import { CacheErrorCode } from '../errors/error-code.ts';
import { DeadlineHeap, type Due } from './deadline-heap.ts';

/** Woken later than this, the watchdog takes it that the event loop was blocked and replies lie unread. */
const BLOCKED_MS = 10;

/**
 * Ends the wait for what takes too long: one timer for all that is in flight, set for the earliest deadline and off while
 * nothing is pending. It knows its own lateness: after a blocked event loop the replies that have come meanwhile are read
 * before anything is called late, or a busy process would look like a slow store.
 */
export class Watchdog {
  readonly #clock: Clock;
  readonly #deadlines = new DeadlineHeap<Watched>();
  /** Those without a deadline, which a signal or {@link close} can still end. */
  readonly #endless = new Set<Watched>();
  #timer: Scheduled | undefined;
  #timerMs = Infinity;
  #grace: NodeJS.Immediate | undefined;
  #closed: { readonly reason: unknown } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many promises it watches. */
  get pending(): number {
    return this.#deadlines.size + this.#endless.size;
  }

  /**
   * Settles as `work` does, or rejects: with what `onLate` answers once `ms` are over; with `signal.reason` when that
   * aborts. What `work` brings afterwards is dropped, an error too; the work itself is not stopped. `ms` of 0 or less, or
   * `NaN`, is a deadline already missed: `work` wins only if it is settled. With `Infinity` and no signal the answer is
   * `work` itself.
   */
  guard<T>(work: Promise<T>, ms: number, onLate: () => unknown, signal?: AbortSignal): Promise<T> {
    if (this.#closed !== undefined) return refuse(work, this.#closed.reason);
    if (signal !== undefined) {
      if (signal.aborted) return refuse(work, signal.reason);
    } else if (ms === Infinity) return work;
    return new Promise<T>((resolve, reject) => {
      // NaN is 0 too.
      const dueMs = this.#clock.now() + Math.max(0, ms || 0);
      const watched = new Watched(dueMs, reject, onLate);
      if (signal !== undefined) this.#obey(watched, signal);
      this.#add(watched);
      work.then(
        (value) => {
          if (this.#remove(watched)) resolve(value);
        },
        (error: unknown) => {
          if (this.#remove(watched)) reject(error);
        },
      );
    });
  }

  /**
   * As {@link guard}, for a caller on the hot path who settles what he answers himself: `reject` gets what `onLate` answers once
   * `ms` are over, or the reason of {@link close}. The caller calls {@link done} when his work has come to its end.
   *
   * @param nowMs the clock's time, which the caller has read already
   */
  watch(ms: number, nowMs: number, reject: (reason: unknown) => void, onLate: () => unknown): Watched {
    const watched = new Watched(nowMs + Math.max(0, ms || 0), reject, onLate);
    if (this.#closed === undefined) this.#add(watched);
    else reject(this.#closed.reason);
    return watched;
  }

  /** Ends the watch over it. False where it has ended before, and `reject` was called. */
  done(watched: Watched): boolean {
    return this.#remove(watched);
  }

  /** Rejects all that is pending, and from now on every call, with `reason`. Default: a CacheError `CLOSED`. */
  close(reason: unknown = closedError()): void {
    this.#closed ??= { reason };
    clearImmediate(this.#grace);
    this.#disarm();
    for (const watched of this.#endless) this.#end(watched, reason);
    for (let watched = this.#deadlines.first; watched !== undefined; watched = this.#deadlines.first) {
      this.#end(watched, reason);
    }
  }

  #obey(watched: Watched, signal: AbortSignal): void {
    const onAbort = (): void => this.#end(watched, signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    watched.disobey = () => signal.removeEventListener('abort', onAbort);
  }

  #add(watched: Watched): void {
    if (watched.dueMs === Infinity) {
      this.#endless.add(watched);
      return;
    }
    this.#deadlines.add(watched);
    if (watched.dueMs < this.#timerMs) this.#arm(watched.dueMs);
  }

  /** Whether it was still pending. */
  #remove(watched: Watched): boolean {
    if (watched.place >= 0) {
      this.#deadlines.remove(watched);
      if (this.#deadlines.size === 0) this.#disarm();
    } else if (!this.#endless.delete(watched)) return false;
    watched.disobey?.();
    return true;
  }

  #end(watched: Watched, reason: unknown): void {
    if (this.#remove(watched)) watched.reject(reason);
  }

  #arm(dueMs: number): void {
    this.#timer?.cancel();
    this.#timerMs = dueMs;
    this.#timer = this.#clock.schedule(() => this.#wake(), dueMs - this.#clock.now());
  }

  #disarm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerMs = Infinity;
  }

  #wake(): void {
    const nowMs = this.#clock.now();
    const blocked = nowMs - this.#timerMs > BLOCKED_MS;
    this.#timer = undefined;
    this.#timerMs = Infinity;
    if (!blocked) this.#endLate(nowMs);
    // An immediate runs after this turn's input has been read and its promise reactions have run.
    else
      this.#grace ??= setImmediate(() => {
        this.#grace = undefined;
        this.#endLate(nowMs);
      });
  }

  #endLate(nowMs: number): void {
    let first = this.#deadlines.first;
    while (first !== undefined && first.dueMs <= nowMs) {
      this.#end(first, lateError(first));
      first = this.#deadlines.first;
    }
    if (first !== undefined && first.dueMs < this.#timerMs) this.#arm(first.dueMs);
  }
}

/** One promise that somebody waits for. */
export class Watched implements Due {
  readonly dueMs: number;
  readonly reject: (reason: unknown) => void;
  readonly onLate: () => unknown;
  place = -1;
  /** Stops listening to the signal, if there is one. */
  disobey: (() => void) | undefined = undefined;

  constructor(dueMs: number, reject: (reason: unknown) => void, onLate: () => unknown) {
    this.dueMs = dueMs;
    this.reject = reject;
    this.onLate = onLate;
  }
}

function lateError(watched: Watched): unknown {
  try {
    return watched.onLate();
  } catch (error) {
    return error;
  }
}

function refuse<T>(work: Promise<T>, reason: unknown): Promise<T> {
  work.catch(() => undefined);
  return Promise.reject(reason);
}

function closedError(): CacheError {
  return new CacheError(
    'The wait was ended because the cache or store has been closed. Make calls before close().',
    CacheErrorCode.CLOSED,
  );
}
