import type { SharedEntry } from '../contracts/shared-store.ts';
import { CacheError } from '../errors/cache-error.ts';
import { CacheErrorCode } from '../errors/error-code.ts';
import { makeStale, retime as retimeKept } from '../memory/retime.ts';
import type { CallOptions } from './call-options.ts';
import { doubt, invalidate, mayHaveHappened } from './invalidate.ts';
import { fromL1 } from './l1.ts';
import { beginning, judge, stampsByName, stampsToAsk } from './shared-read.ts';
import { Budget } from './store-calls.ts';
import type { View } from './view.ts';

/**
 * Makes an entry stale at once; it is kept for its grace. False where there was none. Loads under way cannot make it
 * fresh again.
 */
export async function expireNow(view: View, key: string): Promise<boolean> {
  const address = view.place.address(key);
  if (view.hub.shared !== null) {
    const outcome = await invalidate(view, { keys: [address], stamps: [], mode: 'expire', announce: true });
    return outcome.found[0] ?? false;
  }
  const { table } = view.hub;
  const present = fromL1(view, key) !== null;
  view.place.moveKey(key);
  if (present) makeStale(table, view.place, key);
  await view.hub.bus?.announce({ keys: [address], stamps: [] });
  return present;
}

/**
 * Gives an entry another time to live from now: `ttlMs`, or its own where that is null. False where there is none; an
 * invalid entry is not revived.
 */
export function retime(
  view: View,
  key: string,
  ttlMs: number | null,
  options: CallOptions,
): Promise<boolean> {
  return view.hub.shared === null
    ? retimeInMemory(view, key, ttlMs)
    : retimeInStore(view, key, ttlMs, options);
}

async function retimeInMemory(view: View, key: string, ttlMs: number | null): Promise<boolean> {
  const { table, leased } = view.hub;
  if (fromL1(view, key) === null) return false;
  retimeKept(table, view.place, key, ttlMs);
  if (leased) await view.hub.bus?.announce({ keys: [view.place.address(key)], stamps: [] });
  return true;
}

async function retimeInStore(
  view: View,
  key: string,
  ttlMs: number | null,
  options: CallOptions,
): Promise<boolean> {
  const { hub, place, context } = view;
  const calls = hub.shared!;
  if (calls.store.retime === undefined) {
    throw new CacheError(
      'This store cannot change how long an entry lives. Set the value again with the new ttl.',
      CacheErrorCode.UNSUPPORTED,
    );
  }
  const address = place.address(key);
  const budget = new Budget(hub.options.invalidationTimeoutMs);
  hub.purgeAddress(address);
  try {
    for (let attempt = 0; attempt < 2; attempt++) {
      const began = beginning(view);
      const names = stampsToAsk(view, []);
      const answer = await calls.call('read', budget, context.counters.latency.storeRead, (store) =>
        store.read([address], { stamps: names }),
      );
      const entry = answer.entries[0] ?? null;
      const stamps = stampsByName(view, names, answer.stamps, began);
      const look = await judge(view, entry, stamps, { ...options, schema: null }, began, budget);
      if (look.found === null || look.seen === undefined) return false;
      const { seen } = look;
      const { graceMs, ttlMs: ownTtlMs, tags } = entry as SharedEntry;
      const carried = [...place.stamps, ...tags];
      const request = { key: address, seen, ttlMs: ttlMs ?? ownTtlMs, graceMs, stamps: carried };
      const [done] = await calls.call(
        'retime',
        budget,
        context.counters.latency.storeWrite,
        (store) => store.retime!([request]),
        () => doubt(view, { keys: [address], stamps: [] }),
      );
      // False: the entry has been replaced in between. Once more, with the new one.
      if (done === true) {
        await hub.bus?.announce({ keys: [address], stamps: [] });
        return true;
      }
    }
    return false;
  } catch (error) {
    if (mayHaveHappened(error)) doubt(view, { keys: [address], stamps: [] });
    throw error;
  } finally {
    hub.purgeAddress(address);
  }
}
