import { CacheError, CacheErrorCode } from '@larder/cache-core';

/** So many keys go into one script: more would hold up everybody else on the server. */
const MAX_ITEMS = 500;

/**
 * Does something for a list in parts of bounded size, all under way at once, and answers in order.
 * @throws what a single part throws; BULK_FAILED with `details.failed` where only some have failed
 */
export async function inChunks<T, A>(
  items: readonly T[],
  work: (chunk: readonly T[], isFirst: boolean) => Promise<readonly A[]>,
): Promise<A[]> {
  if (items.length <= MAX_ITEMS) return [...(await work(items, true))];
  const starts = Array.from({ length: Math.ceil(items.length / MAX_ITEMS) }, (_, part) => part * MAX_ITEMS);
  const outcomes = await Promise.allSettled(
    starts.map((start) => work(items.slice(start, start + MAX_ITEMS), start === 0)),
  );
  const failed: number[] = [];
  let cause: unknown;
  const answers: A[] = [];
  outcomes.forEach((outcome, part) => {
    const start = starts[part]!;
    if (outcome.status === 'fulfilled') answers.push(...outcome.value);
    else {
      cause ??= outcome.reason;
      for (let index = start; index < Math.min(start + MAX_ITEMS, items.length); index++) failed.push(index);
    }
  });
  if (failed.length === 0) return answers;
  if (failed.length === items.length) throw cause;
  throw bulkFailed(failed, items.length, cause);
}

/** The error for a list of which only some could be done. */
export function bulkFailed(failed: readonly number[], all: number, cause: unknown): CacheError {
  return new CacheError(`${failed.length} of ${all} keys failed.`, CacheErrorCode.BULK_FAILED, {
    cause,
    retryable: true,
    details: { failed, applied: 'unknown' },
  });
}
