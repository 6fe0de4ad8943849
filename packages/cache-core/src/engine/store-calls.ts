import type { Clock } from '../contracts/clock.ts';
import type { Logger } from '../contracts/logger.ts';
import type { SharedStore } from '../contracts/shared-store.ts';
import { CacheError, isCacheError } from '../errors/cache-error.ts';
import { CacheErrorCode } from '../errors/error-code.ts';
import type { LatencyHistogram } from '../observe/latency-histogram.ts';
import type { StoreCounters } from '../observe/statistics.ts';
import type { CircuitBreaker } from '../resilience/circuit-breaker.ts';
import type { Watchdog } from '../resilience/deadline.ts';

/** The time that one call of a user's may spend waiting for the store, all its round trips together (P9). */
export class Budget {
  readonly limitMs: number;
  leftMs: number;

  constructor(limitMs: number) {
    this.limitMs = limitMs;
    this.leftMs = limitMs;
  }
}

/**
 * Every call to the shared store goes through here: it has a deadline, it is counted, and a store that does not
 * answer is left alone (P9). Errors come out as CacheErrors with `details.applied`.
 */
export class StoreCalls {
  readonly store: SharedStore;
  readonly #clock: Clock;
  readonly #watchdog: Watchdog;
  readonly #breaker: CircuitBreaker;
  readonly #counters: StoreCounters;
  readonly #logger: Logger;
  #lastReplyMs = 0;

  constructor(parts: {
    readonly store: SharedStore;
    readonly clock: Clock;
    readonly watchdog: Watchdog;
    readonly breaker: CircuitBreaker;
    readonly counters: StoreCounters;
    readonly logger: Logger;
  }) {
    this.store = parts.store;
    this.#clock = parts.clock;
    this.#watchdog = parts.watchdog;
    this.#breaker = parts.breaker;
    this.#counters = parts.counters;
    this.#logger = parts.logger;
  }

  /** Calls under way. */
  running = 0;
  #idle: (() => void)[] = [];

  /** Resolves when no call is under way, for `close`. */
  idle(): Promise<void> {
    if (this.running === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Milliseconds of the last answer; null before the first. */
  lastLatencyMs: number | null = null;

  /**
   * Makes one call.
   * @param settledLate called when a call that was given up at its deadline has come to its end after all
   * @throws STORE_UNAVAILABLE, STORE_FAILED, OPERATION_TIMEOUT; what the store refuses for the value's sake as it is
   */
  call<T>(
    operation: string,
    budget: Budget,
    latency: LatencyHistogram,
    work: (store: SharedStore) => Promise<T>,
    settledLate?: () => void,
  ): Promise<T> {
    // Hot path of a hit in the store: one promise beside that of the store and that of the watchdog.
    if (!this.#breaker.allows()) return Promise.reject(this.#refused(operation));
    const sentMs = this.#clock.now();
    this.running += 1;
    let pending: Promise<T>;
    try {
      pending = work(this.store);
    } catch (error) {
      // A store that throws before it answers a promise has failed all the same.
      pending = Promise.reject(error);
    }
    return new Promise<T>((resolve, reject) => {
      const fail = (error: unknown): void => {
        const failure = this.#failed(operation, error, sentMs, budget);
        this.#ended(budget, this.#clock.now() - sentMs);
        reject(failure);
      };
      const watched = this.#watchdog.watch(budget.leftMs, sentMs, fail, () => {
        // Given up, but not gone: it may be carried out yet.
        if (settledLate !== undefined) pending.then(settledLate, settledLate);
        return new Late();
      });
      pending.then(
        (answer) => {
          if (!this.#watchdog.done(watched)) return;
          this.#lastReplyMs = this.#clock.now();
          this.lastLatencyMs = this.#lastReplyMs - sentMs;
          latency.record(this.lastLatencyMs);
          this.#breaker.succeeded();
          this.#ended(budget, this.lastLatencyMs);
          resolve(answer);
        },
        (error: unknown) => {
          if (this.#watchdog.done(watched)) fail(error);
        },
      );
    });
  }

  #refused(operation: string): CacheError {
    this.#counters.skips += 1;
    return new CacheError(
      `The store was not asked to ${operation}: it has stopped answering, and is tried again shortly.`,
      CacheErrorCode.STORE_UNAVAILABLE,
      { retryable: true, details: { applied: 'no', breaker: this.#breaker.state } },
    );
  }

  #ended(budget: Budget, tookMs: number): void {
    this.running -= 1;
    if (this.running === 0 && this.#idle.length > 0) for (const resolve of this.#idle.splice(0)) resolve();
    budget.leftMs = Math.max(0, budget.leftMs - tookMs);
  }

  #failed(operation: string, error: unknown, sentMs: number, budget: Budget): CacheError {
    if (error instanceof Late) {
      this.#counters.timeouts += 1;
      this.#counters.errors += 1;
      // Of a deadline that others had used up before, the little that was left proves nothing.
      const waited = this.#clock.now() - sentMs >= budget.limitMs / 2;
      this.#breaker.failed(waited && this.#lastReplyMs <= sentMs ? 'silence' : 'error');
      return new CacheError(
        `The store did not ${operation} within ${budget.limitMs} ms.`,
        CacheErrorCode.OPERATION_TIMEOUT,
        { retryable: true, details: { applied: 'unknown', limitMs: budget.limitMs } },
      );
    }
    if (isCacheError(error) && !ABOUT_THE_STORE.has(error.code)) {
      // The store answered; what was asked of it was at fault.
      this.#lastReplyMs = this.#clock.now();
      this.#breaker.succeeded();
      return error;
    }
    this.#counters.errors += 1;
    this.#breaker.failed('error');
    const wrapped = isCacheError(error)
      ? error
      : new CacheError(`The store failed to ${operation}.`, CacheErrorCode.STORE_FAILED, {
          cause: error,
          retryable: true,
          details: { applied: 'unknown' },
        });
    this.#logger.warn({ operation, code: wrapped.code }, 'store call failed');
    return wrapped;
  }
}

const ABOUT_THE_STORE: ReadonlySet<CacheErrorCode> = new Set<CacheErrorCode>([
  CacheErrorCode.STORE_FAILED,
  CacheErrorCode.STORE_UNAVAILABLE,
  CacheErrorCode.OPERATION_TIMEOUT,
  CacheErrorCode.CLOSED,
]);

/** Marks a deadline missed; made into a proper error by who knows the operation. */
class Late extends Error {}
