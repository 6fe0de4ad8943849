import type { Clock } from '../contracts/clock.ts';
import type { RetryOptions } from '../contracts/options.ts';
import { durationMs } from '../duration.ts';
import { isCacheError } from '../errors/cache-error.ts';
import { checkOptions, invalidOption, ratio, wholeNumber } from '../option-checks.ts';

/** {@link RetryOptions}, checked and complete. */
export interface ResolvedRetry {
  readonly attempts: number;
  readonly delayMs: number;
  readonly factor: number;
  readonly maxDelayMs: number;
  readonly jitter: number;
  readonly retryable: (error: unknown) => boolean;
}

export interface RetryContext {
  readonly clock: Clock;
  /** Ends all of it, a try in progress and a wait alike. */
  readonly signal?: AbortSignal | undefined;
}

const NAMES = ['attempts', 'delay', 'factor', 'maxDelay', 'jitter', 'retryable'];

/** Checks the options once, for many calls. @throws CacheError `INVALID_CONFIGURATION` */
export function resolveRetry(options: RetryOptions | undefined, where: string): ResolvedRetry {
  return resolve(checkOptions(options, NAMES, where), where);
}

/**
 * Does `work` until it succeeds, cannot be retried or has been tried `attempts` times more. `attempt` is 1 at first.
 *
 * When `signal` aborts it rejects at once with `signal.reason`, also while a try that does not listen is still running;
 * what that brings is dropped. Without a signal nothing bounds the time a try takes.
 *
 * @returns what the first successful try brought; rejects with the error of the last one, as it was thrown
 */
export async function retry<T>(
  work: (attempt: number, signal: AbortSignal | undefined) => PromiseLike<T> | T,
  options: (RetryOptions | ResolvedRetry) & RetryContext,
): Promise<T> {
  const plan = 'delayMs' in options ? options : resolve(options, 'retry');
  const { clock, signal } = options;
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    try {
      const result = work(attempt, signal);
      return await (signal === undefined ? result : unlessAborted(result, signal));
    } catch (error) {
      signal?.throwIfAborted();
      if (attempt > plan.attempts || !plan.retryable(error)) throw error;
    }
    await pause(waitMs(plan, attempt, clock), clock, signal);
  }
}

function resolve(given: RetryOptions, where: string): ResolvedRetry {
  const { factor = 2, retryable = isRetryable } = given;
  if (!(typeof factor === 'number' && factor >= 1 && factor < Infinity)) {
    throw invalidOption(`${where}.factor`, 'a finite number from 1 up', factor);
  }
  if (typeof retryable !== 'function') {
    throw invalidOption(`${where}.retryable`, 'a function of an error that answers a boolean', retryable);
  }
  return {
    attempts: wholeNumber(given.attempts ?? 0, `${where}.attempts`, { max: Infinity }),
    delayMs: durationMs(given.delay ?? 0.1, `${where}.delay`),
    factor,
    maxDelayMs: durationMs(given.maxDelay ?? 2, `${where}.maxDelay`),
    jitter: ratio(given.jitter ?? 0, `${where}.jitter`),
    retryable,
  };
}

function isRetryable(error: unknown): boolean {
  return !isCacheError(error) || error.retryable;
}

function waitMs(plan: ResolvedRetry, attempt: number, clock: Clock): number {
  if (plan.delayMs === 0) return 0;
  const growingMs = Math.min(plan.delayMs * plan.factor ** (attempt - 1), plan.maxDelayMs);
  return plan.jitter === 0 ? growingMs : growingMs * (1 - plan.jitter * clock.random());
}

function unlessAborted<T>(result: PromiseLike<T> | T, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    const stopListening = (): void => signal.removeEventListener('abort', onAbort);
    signal.addEventListener('abort', onAbort, { once: true });
    // The try itself may have aborted the signal, before there was anybody to hear it.
    if (signal.aborted) onAbort();
    Promise.resolve(result).then(resolve, reject).finally(stopListening);
  });
}

function pause(ms: number, clock: Clock, signal: AbortSignal | undefined): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    const onAbort = (): void => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = clock.schedule(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
