import type { Clock, Scheduled, ScheduleOptions } from '../contracts/clock.ts';

/** How long a coarse answer is given again. */
const COARSE_MS = 5;
/** How often a coarse answer is given again at most, so that a loop that lets no timer run still sees time pass. */
const COARSE_ANSWERS = 128;
/** A timer this late never comes: it was armed under a test's fake timers, or the loop is blocked. */
const TIMER_LOST_MS = 100;
/** The longest delay that `setTimeout` takes; a longer one would fire at once. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/**
 * The machine's own clock. Nothing happens at construction, and no timer runs unless somebody reads {@link coarseNow}.
 * A process that was stopped finds its coarse time old by up to 128 answers when it wakes: where that matters, read `now`.
 */
export class SystemClock implements Clock {
  #coarse = 0;
  /** How many more times `#coarse` may be given. 0 once it has expired. */
  #answersLeft = 0;
  #expiry: NodeJS.Timeout | undefined;
  #armedAt = 0;
  readonly #expire = (): void => {
    this.#answersLeft = 0;
    this.#expiry = undefined;
  };

  now(): number {
    // Read through the global each time, so that fake timers of a test framework govern it. It may start at 0.
    return performance.now() + 1;
  }

  coarseNow(): number {
    // The hit path: one counter says both "not expired" and "not given too often".
    if (this.#answersLeft > 0) {
      this.#answersLeft--;
      return this.#coarse;
    }
    return this.#readCoarse();
  }

  wallNow(): number {
    return Date.now();
  }

  schedule(callback: () => void, delayMs: number, options?: ScheduleOptions): Scheduled {
    return new SystemTimer(callback, delayMs, options?.ref ?? true);
  }

  random(): number {
    return Math.random();
  }

  #readCoarse(): number {
    const now = this.now();
    // Whole milliseconds: a small integer is answered without a box around it, as every other number would have.
    this.#coarse = Math.floor(now);
    this.#answersLeft = COARSE_ANSWERS;
    const lost = Math.abs(now - this.#armedAt) > TIMER_LOST_MS;
    if (this.#expiry === undefined || lost) {
      clearTimeout(this.#expiry);
      this.#armedAt = now;
      this.#expiry = startTimeout(this.#expire, COARSE_MS, false);
    }
    return this.#coarse;
  }
}

/** The clock of every cache that was given none. */
export const systemClock: Clock = new SystemClock();

/** One call-back; delays that `setTimeout` cannot take are waited for in parts. */
class SystemTimer implements Scheduled {
  readonly #callback: () => void;
  readonly #ref: boolean;
  #timeout: NodeJS.Timeout | undefined;
  #leftMs: number;

  constructor(callback: () => void, delayMs: number, ref: boolean) {
    this.#callback = callback;
    this.#ref = ref;
    // Whole milliseconds: Node keeps a list of timers for each distinct delay.
    this.#leftMs = delayMs > 0 ? Math.ceil(delayMs) : 0;
    // No end is no timer.
    if (this.#leftMs !== Infinity) this.#start();
  }

  cancel(): void {
    clearTimeout(this.#timeout);
    this.#timeout = undefined;
  }

  #start(): void {
    const partMs = Math.min(this.#leftMs, LONGEST_TIMEOUT_MS);
    this.#leftMs -= partMs;
    this.#timeout = startTimeout(
      this.#leftMs === 0 ? this.#callback : () => this.#start(),
      partMs,
      this.#ref,
    );
  }
}

function startTimeout(callback: () => void, delayMs: number, ref: boolean): NodeJS.Timeout {
  const timeout = setTimeout(callback, delayMs);
  // Under a browser's globals, as in a jsdom test, a timeout is a number.
  if (!ref && typeof timeout === 'object') timeout.unref();
  return timeout;
}
