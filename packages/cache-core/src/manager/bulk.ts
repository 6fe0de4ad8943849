import { SET_OPTION_NAMES } from '../engine/call-options.ts';
import { CacheError, isCacheError } from '../errors/cache-error.ts';
import { CacheErrorCode } from '../errors/error-code.ts';
import type { Place } from '../memory/place.ts';
import { invalidOption } from '../option-checks.ts';

/** What an item of `setMany` may have. */
export const ITEM_NAMES = ['key', 'value', ...SET_OPTION_NAMES];

export function list<T>(items: readonly T[], what: string): readonly T[] {
  if (Array.isArray(items)) return items;
  throw invalidOption(what, 'an array', items);
}

export function bulkFailed(done: string, failed: readonly number[], all: number, cause: unknown): CacheError {
  return new CacheError(`${failed.length} of ${all} keys could not be ${done}.`, CacheErrorCode.BULK_FAILED, {
    cause,
    retryable: isCacheError(cause) && cause.retryable,
    details: { failed },
  });
}

/** The indexes of the keys that may still be there: those that the store names, or all. */
export function failedKeys(
  keys: readonly string[],
  addresses: readonly string[],
  place: Place,
  cause: unknown,
): number[] {
  const failed = isCacheError(cause, CacheErrorCode.BULK_FAILED) ? cause.details.failed : undefined;
  if (!Array.isArray(failed)) return [...keys.keys()];
  const still = new Set(failed.map((index: number) => addresses[index]));
  return [...keys.keys()].filter((index) => still.has(place.address(keys[index]!)));
}
