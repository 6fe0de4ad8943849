import { CacheError } from '../errors/cache-error.ts';
import { CacheErrorCode } from '../errors/error-code.ts';
import { shownKey } from '../key.ts';
import { MemoryEntry } from './memory-entry.ts';
import type { MemoryTable } from './memory-table.ts';
import type { Place } from './place.ts';

/** The sum of a counter, which begins at 0. @throws INVALID_VALUE where it is not a whole number, or no longer would be */
export function addToCounter(key: string, current: unknown, by: number): number {
  const sum =
    current === undefined ? by : Number.isSafeInteger(current) ? (current as number) + by : Number.NaN;
  // Adding 0 turns −0 into 0.
  if (Number.isSafeInteger(sum)) return sum + 0;
  throw new CacheError(
    `'${shownKey(key)}' cannot be counted: a counter is a whole number between −(2^53 − 1) and 2^53 − 1.`,
    CacheErrorCode.INVALID_VALUE,
  );
}

/**
 * Another sum for a counter that is there and valid: its end, to the instant, its tags and all else stay.
 * False where it has become larger than the memory may be, as for `put`.
 */
export function recount(table: MemoryTable, place: Place, key: string, sum: number): boolean {
  const found = table.look(place, key);
  if (!(found instanceof MemoryEntry)) return table.putBare(place, key, sum, null);
  // It is as valid as the sum whose place it takes, and younger.
  const nowMs = table.clock.now();
  const began = { startedMs: nowMs, asOf: table.generations.now, schema: null };
  return table.put(place, key, sum, { ...found.lifeAt(nowMs), ...began }, true);
}
