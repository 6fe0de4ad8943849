import { setImmediate as afterThisTurn } from 'node:timers';
import type { Clock, Scheduled } from '../contracts/clock.ts';
import { CacheError } from '../errors/cache-error.ts';
import { CacheErrorCode } from '../errors/error-code.ts';
import { checkOptions, invalidOption } from '../option-checks.ts';

export interface ManualClockOptions {
  /** What {@link ManualClock.now} answers first, in milliseconds; more than 0. Default 1,000,000. */
  readonly startMs?: number | undefined;
  /** Where the random numbers begin; any number. The same seed gives the same numbers. Default 1. */
  readonly seed?: number | undefined;
}

/** Midnight of 1 January 2025, UTC: where the wall clock stands at first. */
const WALL_START_MS = 1_735_689_600_000;
/** Turns of the event loop after each timer: for a chain of promises one is enough, for call-backs that wait a turn more. */
const TURNS_AFTER_TIMER = 4;
/** So many call-backs at one instant are a timer that sets itself again without a delay. */
const MAX_CALLBACKS_AT_ONCE = 100_000;

/**
 * A clock that moves only when told to, for tests of whatever depends on time: pass it as `clock`, and an hour's time to
 * live is over after `await clock.advance(3_600_000)`. Timers, both times and random numbers are the same in each run.
 *
 * ```ts
 * const clock = new ManualClock();
 * const cache = new CacheManager({ clock, ttl: '1h' });
 * await cache.set('user:1', user);
 * await clock.advance(3_600_000);
 * await cache.get('user:1'); // null
 * ```
 */
export class ManualClock implements Clock {
  #nowMs: number;
  #wallOffsetMs: number;
  #random: () => number;
  /** By time, then by creation. */
  readonly #timers: ManualTimer[] = [];
  #timersMade = 0;
  #advancing: Promise<void> = Promise.resolve();

  /** @throws CacheError `INVALID_CONFIGURATION` */
  constructor(options?: ManualClockOptions) {
    const { startMs = 1_000_000, seed = 1 } = checkOptions(
      options,
      ['startMs', 'seed'],
      'ManualClock options',
    );
    if (!(startMs > 0 && startMs < Infinity))
      throw invalidOption('startMs', 'a finite number above 0', startMs);
    this.#nowMs = startMs;
    this.#wallOffsetMs = WALL_START_MS - startMs;
    this.#random = mulberry32(seed);
  }

  /** How many timers are set and have neither fired nor been cancelled. */
  get pendingTimers(): number {
    return this.#timers.length;
  }

  now(): number {
    return this.#nowMs;
  }

  /** The same as {@link now}: here it never lags. */
  coarseNow(): number {
    return this.#nowMs;
  }

  wallNow(): number {
    return this.#nowMs + this.#wallOffsetMs;
  }

  schedule(callback: () => void, delayMs: number): Scheduled {
    // NaN is 0 too.
    const delay = Math.max(0, delayMs || 0);
    const timer = new ManualTimer(callback, this.#nowMs + delay, this.#timersMade++, this.#timers);
    if (delay !== Infinity) this.#timers.splice(this.#placeOf(timer), 0, timer);
    return timer;
  }

  random(): number {
    return this.#random();
  }

  /** From now on random numbers come from `random`: `() => 0` takes all jitter out. */
  setRandom(random: () => number): void {
    this.#random = random;
  }

  /**
   * Moves both times on by `ms`. On the way each timer that falls due is fired at its own instant, in order of time, then
   * of creation; before each next one, what hangs on promises may run, and may set further timers, which fire too if they
   * fall due. `advance(0)` fires what is due now. Calls that overlap follow one another.
   *
   * Real input and output is not waited for: a test over a real socket waits for its own condition.
   *
   * @returns when all of it has run; rejects with what a call-back throws
   * @throws CacheError `INVALID_CONFIGURATION` for a negative or infinite `ms`
   */
  advance(ms: number): Promise<void> {
    const advanced = this.#advancing.then(() => this.#advance(ms));
    this.#advancing = advanced.catch(() => undefined);
    return advanced;
  }

  /**
   * As {@link advance}, but without a pause: no promise reaction runs before it returns. For code that is synchronous, and
   * for the case where an event loop is blocked.
   *
   * @throws CacheError `INVALID_CONFIGURATION` for a negative or infinite `ms`; and what a call-back throws
   */
  advanceSync(ms: number): void {
    const untilMs = this.#endOf(ms);
    const guard = new EndlessLoopGuard();
    while (this.#fireNext(untilMs, guard));
    this.#arriveAt(untilMs);
  }

  /** Moves the wall clock alone, forwards or (negative) backwards, as an administrator or NTP does. Fires nothing. */
  stepWall(ms: number): void {
    this.#wallOffsetMs += ms;
  }

  async #advance(ms: number): Promise<void> {
    const untilMs = this.#endOf(ms);
    const guard = new EndlessLoopGuard();
    do await settle();
    while (this.#fireNext(untilMs, guard));
    this.#arriveAt(untilMs);
  }

  #endOf(ms: number): number {
    if (ms >= 0 && ms < Infinity) return this.#nowMs + ms;
    throw invalidOption(
      'ms',
      'a number of milliseconds from 0 up',
      ms,
      'Time does not run backwards; stepWall() does.',
    );
  }

  /** Whether there was one to fire. */
  #fireNext(untilMs: number, guard: EndlessLoopGuard): boolean {
    const next = this.#timers[0];
    if (next === undefined || next.atMs > untilMs) return false;
    this.#timers.shift();
    this.#arriveAt(next.atMs);
    guard.check(this.#nowMs);
    next.callback();
    return true;
  }

  /** Never backwards: a call-back may itself have moved the clock on. */
  #arriveAt(ms: number): void {
    this.#nowMs = Math.max(this.#nowMs, ms);
  }

  #placeOf(timer: ManualTimer): number {
    return placeOf(timer, this.#timers);
  }
}

class ManualTimer implements Scheduled {
  readonly callback: () => void;
  readonly atMs: number;
  readonly order: number;
  readonly #timers: ManualTimer[];

  constructor(callback: () => void, atMs: number, order: number, timers: ManualTimer[]) {
    this.callback = callback;
    this.atMs = atMs;
    this.order = order;
    this.#timers = timers;
  }

  cancel(): void {
    const place = placeOf(this, this.#timers);
    if (this.#timers[place] === this) this.#timers.splice(place, 1);
  }
}

class EndlessLoopGuard {
  #atMs = -1;
  #callbacks = 0;

  check(nowMs: number): void {
    this.#callbacks = nowMs === this.#atMs ? this.#callbacks + 1 : 0;
    this.#atMs = nowMs;
    if (this.#callbacks <= MAX_CALLBACKS_AT_ONCE) return;
    throw new CacheError(
      `ManualClock fired ${MAX_CALLBACKS_AT_ONCE} call-backs without time passing. Give the timer that sets itself again a delay.`,
      CacheErrorCode.OPERATION_TIMEOUT,
    );
  }
}

/** Where `timer` stands, or belongs, in a list ordered by time and creation. */
function placeOf(timer: ManualTimer, timers: readonly ManualTimer[]): number {
  let low = 0;
  let high = timers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = timers[middle] as ManualTimer;
    const before = other.atMs < timer.atMs || (other.atMs === timer.atMs && other.order < timer.order);
    if (before) low = middle + 1;
    else high = middle;
  }
  return low;
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < TURNS_AFTER_TIMER; turn++) {
    await new Promise<void>((resolve) => {
      afterThisTurn(resolve);
    });
  }
}

/** Tommy Ettinger's mulberry32: small, fast, and good enough for jitter. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
