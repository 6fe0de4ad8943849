import type { AsOf, Seen, SharedEntry, Stamp } from '@larder/cache-core/store';
import type { AttachedStore, SharedMemory } from '../../src/index.ts';
import { sharedHarness } from '../harnesses.ts';
import { type BrokenStore, later } from './broken-store.ts';

/** Shared stores, one operation of which does something wrong. */
export const brokenOperations: readonly BrokenStore[] = [
  {
    section: 'leases',
    fault: 'gives a lease to everybody',
    caughtBy: /one gets it/,
    harness: sharedHarness((store, memory) => {
      const { lease } = store;
      store.lease = (requests, options) => {
        memory.leases.clear();
        return lease.call(store, requests, options);
      };
    }),
  },
  {
    section: 'leases',
    fault: 'gives leases without an end',
    caughtBy: /runs out/,
    harness: sharedHarness((store) => {
      const { lease } = store;
      store.lease = (requests, options) => lease.call(store, requests, { ...options, leaseMs: 1e9 });
    }),
  },
  {
    section: 'leases',
    fault: 'does not look at what was seen',
    caughtBy: /instead of what was seen/,
    harness: sharedHarness((store, memory) => {
      const { lease } = store;
      store.lease = (requests, options) =>
        lease.call(
          store,
          requests.map(({ key }) => {
            const id = memory.entry(key)?.id;
            return id === undefined ? { key } : { key, seen: id as unknown as Seen };
          }),
          options,
        );
    }),
  },
  {
    section: 'leases',
    fault: 'lets anybody give a lease back',
    caughtBy: /runs out/,
    harness: sharedHarness((store, memory) => {
      store.release = async (leases) => {
        for (const { key } of leases) memory.leases.delete(key);
      };
    }),
  },
  {
    section: 'leases',
    fault: 'does not make the stamps that are missing',
    caughtBy: /stamp that is missing is made/,
    harness: sharedHarness((store, memory) => {
      const { lease } = store;
      store.lease = async (requests, options) => {
        const missing = options.stamps.filter((name) => !memory.stamps.has(name));
        const answer = await lease.call(store, requests, options);
        for (const name of missing) memory.stamps.delete(name);
        return answer;
      };
    }),
  },
  {
    section: 'fills',
    fault: 'ignores that the lease is gone',
    caughtBy: /a deletion in/,
    harness: sharedHarness((_store, memory) => {
      memory.faults.ignoreLeases = true;
    }),
  },
  {
    section: 'fills',
    fault: 'ignores that a stamp has moved',
    caughtBy: /stamp of its namespace/,
    harness: sharedHarness((_store, memory) => {
      memory.faults.ignoreStamps = true;
    }),
  },
  {
    section: 'fills',
    fault: 'forgets the tags of what is filled',
    caughtBy: /late tag that has stood|stores what it is given/,
    harness: sharedHarness((store) => {
      const { fill } = store;
      store.fill = (fills) =>
        fill.call(
          store,
          fills.map(({ lease, entry }) => ({ lease, entry: { ...entry, tags: [] } })),
        );
    }),
  },
  {
    section: 'writes',
    fault: 'leaves leases alone',
    caughtBy: /voids the lease/,
    harness: sharedHarness((store, memory) => {
      const { write } = store;
      store.write = async (writes) => {
        const held = new Map(memory.leases);
        const outcomes = await write.call(store, writes);
        for (const [key, lease] of held) memory.leases.set(key, lease);
        return outcomes;
      };
    }),
  },
  {
    section: 'writes',
    fault: 'keeps nothing for its grace',
    caughtBy: /stale/,
    harness: sharedHarness((store) => {
      const { write } = store;
      store.write = (writes) =>
        write.call(
          store,
          writes.map(({ key, entry }) => ({ key, entry: { ...entry, graceMs: 0 } })),
        );
    }),
  },
  {
    section: 'writes',
    fault: 'answers a cached null as nothing',
    caughtBy: /null, 0/,
    harness: sharedHarness((store) => {
      const { read } = store;
      store.read = async (keys, options) => {
        const answer = await read.call(store, keys, options);
        return {
          ...answer,
          entries: answer.entries.map((one) => ((one as SharedEntry | null)?.value === null ? null : one)),
        };
      };
    }),
  },
  {
    section: 'writes',
    fault: 'counts lives in seconds',
    caughtBy: /what is left of its life/,
    harness: sharedHarness((store) => {
      const { write } = store;
      store.write = (writes) =>
        write.call(
          store,
          writes.map(({ key, entry }) => ({ key, entry: { ...entry, ttlMs: entry.ttlMs / 1000 } })),
        );
    }),
  },
  {
    section: 'invalidations',
    fault: 'deletes what is to be made stale',
    caughtBy: /expire makes stale/,
    harness: sharedHarness((store) => {
      const { invalidate } = store;
      store.invalidate = (invalidation) => invalidate.call(store, { ...invalidation, mode: 'delete' });
    }),
  },
  {
    section: 'invalidations',
    fault: 'leaves leases alone',
    caughtBy: /voids leases/,
    harness: sharedHarness((store, memory) => leaveLeasesAlone(store, memory)),
  },
  {
    section: 'invalidations',
    fault: 'acknowledges before it is done',
    caughtBy: /at the acknowledgement|right after it|right before it/,
    harness: sharedHarness((store) => {
      const { invalidate } = store;
      store.invalidate = async (invalidation) => {
        if (invalidation.keys.length === 0) return invalidate.call(store, invalidation);
        later(() => invalidate.call(store, invalidation));
        return { found: invalidation.keys.map(() => true), stamps: [] };
      };
    }),
  },
  {
    section: 'invalidations',
    fault: 'compares moments by the millisecond',
    caughtBy: /right before it|right after it/,
    harness: sharedHarness((store) => {
      store.isCurrent = (asOf: AsOf, _name: string, stamp: Stamp) =>
        Math.floor(Number(asOf) / 10) >= Math.floor(Number(stamp) / 10);
    }),
  },
  {
    section: 'stamps',
    fault: 'makes a lost stamp anew as it was in the beginning',
    caughtBy: /F16/,
    harness: sharedHarness((store, memory) => {
      const { lease, write } = store;
      const revive = (names: readonly string[]): void => {
        for (const name of names) if (!memory.stamps.has(name)) memory.stamps.set(name, 0);
      };
      store.lease = (requests, options) => {
        revive(options.stamps);
        return lease.call(store, requests, options);
      };
      store.write = (writes) => {
        for (const { entry } of writes) revive([...entry.stamps, ...entry.tags]);
        return write.call(store, writes);
      };
    }),
  },
  {
    section: 'stamps',
    fault: 'answers a missing stamp as one that never moved',
    caughtBy: /nobody made/,
    harness: sharedHarness((store) => {
      const { stamps } = store;
      store.stamps = async (names) =>
        (await stamps.call(store, names)).map((stamp) => stamp ?? (0 as unknown as Stamp));
    }),
  },
  {
    section: 'stamps',
    fault: 'cuts the names of stamps',
    caughtBy: /name has a stamp of its own/,
    harness: sharedHarness((store) => {
      const { invalidate } = store;
      store.invalidate = async (invalidation) => {
        const outcome = await invalidate.call(store, {
          ...invalidation,
          stamps: [...invalidation.stamps, ...(invalidation.stamps.includes('t:a') ? ['t:a/b'] : [])],
        });
        return { ...outcome, stamps: outcome.stamps.slice(0, invalidation.stamps.length) };
      };
    }),
  },
];

/** Its invalidations void no lease. */
export function leaveLeasesAlone(store: AttachedStore, memory: SharedMemory): void {
  const { invalidate } = store;
  store.invalidate = async (invalidation) => {
    const held = new Map(memory.leases);
    const outcome = await invalidate.call(store, invalidation);
    for (const [key, lease] of held) memory.leases.set(key, lease);
    return outcome;
  };
}
