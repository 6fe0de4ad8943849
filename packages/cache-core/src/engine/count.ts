import { CacheError } from '../errors/cache-error.ts';
import { CacheErrorCode } from '../errors/error-code.ts';
import { addToCounter, recount } from '../memory/counter.ts';
import { tooLarge } from '../memory/memory-store.ts';
import type { CallOptions } from './call-options.ts';
import { isStale } from './found.ts';
import { doubt, mayHaveHappened } from './invalidate.ts';
import { fromL1 } from './l1.ts';
import { beginning } from './shared-read.ts';
import { Budget } from './store-calls.ts';
import { lifeOf, ttlOf } from './stored-life.ts';
import type { View } from './view.ts';

/**
 * Adds to a counter in one atomic step and answers the sum. One that is absent, stale or invalid begins at 0 with the
 * time to live of the options; an existing one keeps its end.
 * @throws INVALID_VALUE, UNSUPPORTED, and what a store may throw
 */
export async function count(view: View, key: string, by: number, options: CallOptions): Promise<number> {
  return view.hub.shared === null
    ? countInMemory(view, key, by, options)
    : countInStore(view, key, by, options);
}

async function countInMemory(view: View, key: string, by: number, options: CallOptions): Promise<number> {
  const { hub, place } = view;
  const { table } = hub;
  const kept = fromL1(view, key);
  const current = kept === null || isStale(kept) ? null : kept;
  const sum = addToCounter(key, current?.value, by);
  place.moveKey(key);
  const life = lifeOf(ttlOf(options, hub.clock), 0, beginning(view), options);
  const needsEntry = hub.leased || life.graceMs > 0 || life.tags.length > 0 || life.version !== undefined;
  const counted =
    current === null ? table.put(place, key, sum, life, needsEntry) : recount(table, place, key, sum);
  if (!counted) throw tooLarge(key, table.maxBytesIn(place));
  await hub.bus?.announce({ keys: [place.address(key)], stamps: [] });
  return sum;
}

async function countInStore(view: View, key: string, by: number, options: CallOptions): Promise<number> {
  const { hub, place, context } = view;
  const calls = hub.shared!;
  if (calls.store.increment === undefined) {
    throw new CacheError('This store cannot count in one atomic step.', CacheErrorCode.UNSUPPORTED);
  }
  const address = place.address(key);
  hub.purgeAddress(address);
  try {
    const request = {
      key: address,
      by,
      ttlMs: ttlOf(options, hub.clock),
      stamps: place.stamps,
      tags: options.tags,
    };
    const budget = new Budget(hub.options.invalidationTimeoutMs);
    const sum = await calls.call(
      'increment',
      budget,
      context.counters.latency.storeWrite,
      (store) => store.increment!(request),
      () => doubt(view, { keys: [address], stamps: [] }),
    );
    await hub.bus?.announce({ keys: [address], stamps: [] });
    return sum;
  } catch (error) {
    if (mayHaveHappened(error)) doubt(view, { keys: [address], stamps: [] });
    throw error;
  } finally {
    hub.purgeAddress(address);
  }
}
