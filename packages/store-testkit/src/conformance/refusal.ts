import assert from 'node:assert/strict';
import { CacheErrorCode, isCacheError } from '@larder/cache-core';

/** The error that the work is refused with; fails where it succeeds, or fails without a code, or with another. */
export async function refusal(
  what: string,
  work: () => Promise<unknown>,
  ...codes: readonly CacheErrorCode[]
): Promise<unknown> {
  const pending = promiseOf(what, work);
  let answer: unknown;
  try {
    answer = await pending;
  } catch (error) {
    assert.ok(isCacheError(error), `${what}: must be refused with a CacheError, not with ${String(error)}.`);
    if (codes.length > 0) {
      assert.ok(
        codes.includes(error.code),
        `${what}: must be refused with ${codes.join(' or ')}, not ${error.code}.`,
      );
    }
    return error;
  }
  return assert.fail(`${what}: must be refused with ${codes.join(' or ')}; it answered ${typeof answer}.`);
}

/** What the work answers, which must be a promise: whoever waits with `catch` would miss what is thrown at once. */
function promiseOf(what: string, work: () => Promise<unknown>): Promise<unknown> {
  try {
    return work();
  } catch (error) {
    return assert.fail(`${what}: must answer a promise that rejects; it threw ${String(error)}.`);
  }
}

/** Codes for a value that a store cannot keep as it is. */
const UNKEEPABLE: readonly CacheErrorCode[] = [
  CacheErrorCode.INVALID_VALUE,
  CacheErrorCode.SERIALIZATION_FAILED,
  CacheErrorCode.VALUE_TOO_LARGE,
  CacheErrorCode.MEMORY_LIMIT_EXCEEDED,
];

/** Whether the work is done; false where it is refused because the value cannot be kept. Fails for any other refusal. */
export async function isKept(what: string, work: () => Promise<unknown>): Promise<boolean> {
  const pending = promiseOf(what, work);
  try {
    await pending;
    return true;
  } catch (error) {
    assert.ok(
      isCacheError(error) && UNKEEPABLE.includes(error.code),
      `${what}: must be kept, or refused with ${UNKEEPABLE.join(', ')}; got ${String(error)}.`,
    );
    return false;
  }
}
