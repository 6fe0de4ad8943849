import { setTimeout as sleep } from 'node:timers/promises';
import { CacheError, CacheErrorCode } from '@larder/cache-core';
import { checkOptions, wholeNumber } from '@larder/cache-core/store';

export interface WaitOptions {
  /** What is waited for, as the error names it: `'the second process to forget the key'`. Default "a condition". */
  readonly what?: string;
  /** Longest wait, in milliseconds from 1 up. Default 5000. */
  readonly timeoutMs?: number;
  /** Milliseconds between two looks, from 0 up (0: the next turn of the event loop). Default 5. */
  readonly intervalMs?: number;
}

/** What a condition may answer while it does not hold. */
export type NotYet = false | null | undefined | 0 | '';

/**
 * Looks again and again until the condition answers something truthy, and answers that. A condition that throws does not
 * hold yet. It is asked at least once, and once more after a wait that took too long because this process was blocked.
 *
 * @throws CacheError `OPERATION_TIMEOUT` which names what was waited for; `cause` is what the condition threw last.
 *   `INVALID_CONFIGURATION` for an option that cannot be.
 */
export async function waitFor<T>(
  condition: () => T | NotYet | Promise<T | NotYet>,
  options?: WaitOptions,
): Promise<T> {
  const given = checkOptions(options, ['what', 'timeoutMs', 'intervalMs'], 'waitFor options');
  const timeoutMs = wholeNumber(given.timeoutMs ?? 5000, 'timeoutMs', { min: 1 });
  const intervalMs = wholeNumber(given.intervalMs ?? 5, 'intervalMs');
  const startMs = performance.now();
  for (;;) {
    const lateMs = performance.now() - startMs - timeoutMs;
    let cause: unknown;
    try {
      const answer = await condition();
      if (answer) return answer;
    } catch (error) {
      cause = error;
    }
    if (lateMs >= 0) throw timedOut(given.what ?? 'a condition', timeoutMs, cause);
    await sleep(intervalMs);
  }
}

function timedOut(what: string, timeoutMs: number, cause: unknown): CacheError {
  return new CacheError(
    `Waited ${timeoutMs} ms for ${what}, in vain. If it only takes longer, raise timeoutMs.`,
    CacheErrorCode.OPERATION_TIMEOUT,
    { cause },
  );
}
