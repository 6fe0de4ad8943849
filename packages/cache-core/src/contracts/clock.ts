/**
 * Where all time, timers and randomness come from, so that a test can hold them in its hand.
 * Milliseconds throughout. No method may throw.
 */
export interface Clock {
  /** Monotonic time, always above 0; only differences mean anything. A stepped wall clock does not move it. */
  now(): number;
  /** As {@link now}, but it may lag by a few milliseconds: for the hit path, where reading a clock costs more than the look-up. */
  coarseNow(): number;
  /** Milliseconds since 1970. For people to read; nothing is decided by it. */
  wallNow(): number;
  /**
   * Calls back once, after `delayMs`. Any finite delay of 0 or more works, those over 2^31 − 1 included.
   * Give `ref: false` for work in the background that must not keep the process alive.
   */
  schedule(callback: () => void, delayMs: number, options?: ScheduleOptions): Scheduled;
  /** A number from 0 up to, but not including, 1. */
  random(): number;
}

export interface ScheduleOptions {
  /** Whether the timer keeps the process alive. Default `true`. */
  readonly ref?: boolean;
}

export interface Scheduled {
  /** Takes the call-back off. Harmless when it has run already. */
  cancel(): void;
}
