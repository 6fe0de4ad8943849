import type { AsOf, Lease, Seen, SharedEntry, Stamp } from '@larder/cache-core/store';
import type { AttachedStore } from '../../src/index.ts';
import { sharedHarness } from '../harnesses.ts';
import { type BrokenStore, soon } from './broken-store.ts';

/** Shared stores. */
export const brokenSharedStores: readonly BrokenStore[] = [
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
        return { ...answer, entries: answer.entries.map((one) => ((one as SharedEntry | null)?.value === null ? null : one)) };
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
    harness: sharedHarness((store, memory) => {
      const { invalidate } = store;
      store.invalidate = async (invalidation) => {
        const held = new Map(memory.leases);
        const outcome = await invalidate.call(store, invalidation);
        for (const [key, lease] of held) memory.leases.set(key, lease);
        return outcome;
      };
    }),
  },
  {
    section: 'invalidations',
    fault: 'acknowledges before it is done',
    caughtBy: /at the acknowledgement|right after it|right before it/,
    harness: sharedHarness((store) => {
      const { invalidate } = store;
      store.invalidate = async (invalidation) => {
        if (invalidation.keys.length === 0) return invalidate.call(store, invalidation);
        void soon().then(() => invalidate.call(store, invalidation));
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
  {
    section: 'versions',
    fault: 'takes whatever comes last',
    caughtBy: /P6 a lower one/,
    harness: sharedHarness((_store, memory) => {
      memory.isOutranked = () => false;
    }),
  },
  {
    section: 'versions',
    fault: 'lets the dead outrank the living',
    caughtBy: /invalid outranks nobody/,
    harness: sharedHarness((_store, memory) => {
      memory.isOutranked = (current, { version }) =>
        version !== undefined && current?.version !== undefined && current.version > version;
    }),
  },
  {
    section: 'retiming',
    fault: 'does not look at what was seen',
    caughtBy: /no longer the one/,
    harness: sharedHarness((store, memory) => {
      const { retime } = store;
      store.retime = (requests) =>
        retime.call(
          store,
          requests.map((request) => {
            const id = memory.entry(request.key)?.id;
            return id === undefined ? request : { ...request, seen: id as unknown as Seen };
          }),
        );
    }),
  },
  {
    section: 'retiming',
    fault: 'brings dead entries back',
    caughtBy: /stays dead/,
    harness: sharedHarness((store, memory) => {
      const { retime } = store;
      store.retime = (requests) => {
        for (const { key } of requests) {
          const entry = memory.entry(key);
          if (entry !== undefined) entry.asOf = memory.next();
        }
        return retime.call(store, requests);
      };
    }),
  },
  {
    section: 'shared counters',
    fault: 'goes on counting after an invalidation',
    caughtBy: /stamp has moved/,
    harness: sharedHarness((store, memory) => {
      const { increment } = store;
      store.increment = async (request) => {
        const entry = memory.entry(request.key);
        if (entry !== undefined) entry.asOf = memory.next();
        return increment.call(store, request);
      };
    }),
  },
  {
    section: 'shared counters',
    fault: 'loses counts of others',
    caughtBy: /two processes that count/,
    harness: sharedHarness((store, memory) => {
      const { increment } = store;
      store.increment = async (request) => {
        const before = memory.entry(request.key);
        await soon();
        if (before !== undefined) memory.entries.set(request.key, before);
        return increment.call(store, request);
      };
    }),
  },
  {
    section: 'bus',
    fault: 'announces nothing',
    caughtBy: /others hear/,
    harness: sharedHarness((_store, memory) => {
      memory.faults.mute = true;
    }),
  },
  {
    section: 'bus',
    fault: 'hears itself',
    caughtBy: /own messages/,
    harness: sharedHarness((store) => {
      const { invalidate } = store;
      store.invalidate = async (invalidation) => {
        const outcome = await invalidate.call(store, invalidation);
        store.subscriber?.invalidated(invalidation);
        return outcome;
      };
    }),
  },
  {
    section: 'bus',
    fault: 'calls after its close',
    caughtBy: /after close/,
    harness: sharedHarness((store) => {
      const { subscribe } = store.capabilities.bus!;
      store.capabilities.bus!.subscribe = (subscriber, options) => {
        const subscription = subscribe.call(store.capabilities.bus, subscriber, options);
        return { ...subscription, close: async () => undefined };
      };
    }),
  },
  {
    section: 'bus',
    fault: 'loses one message of a burst without a word',
    caughtBy: /burst/,
    harness: sharedHarness((store) => {
      let heard = 0;
      store.deliver = (_message, now) => {
        heard += 1;
        if (heard !== 100) now();
      };
    }),
  },
  {
    section: 'bus',
    fault: 'vouches for the future',
    caughtBy: /proves itself/,
    harness: sharedHarness((store, memory) => {
      const { subscribe } = store.capabilities.bus!;
      store.capabilities.bus!.subscribe = (subscriber, options) => {
        const prove = (): void => {
          subscriber.alive(memory.clock.now() + 60_000);
          memory.clock.schedule(prove, 100);
        };
        return subscribe.call(store.capabilities.bus, { ...silent(subscriber), alive: prove }, options);
      };
    }),
  },
  {
    section: 'two processes',
    fault: 'ignores that the lease is gone',
    caughtBy: /P1 F2 a load that delete/,
    harness: sharedHarness((_store, memory) => {
      memory.faults.ignoreLeases = true;
    }),
  },
  {
    section: 'two processes',
    fault: 'ignores that a stamp has moved',
    caughtBy: /P1 F2 a load that (clear|invalidateTag)/,
    harness: sharedHarness((_store, memory) => {
      memory.faults.ignoreStamps = true;
    }),
  },
  {
    section: 'two processes',
    fault: 'announces nothing',
    caughtBy: /P2 P3/,
    harness: sharedHarness((_store, memory) => {
      memory.faults.mute = true;
    }),
  },
  {
    section: 'two processes',
    fault: 'has leases that the other process does not see',
    caughtBy: /P12/,
    harness: sharedHarness((store) => privateLeases(store)),
  },
  {
    section: 'two processes',
    fault: 'does not take leases back',
    caughtBy: /gives its lease back/,
    harness: sharedHarness((store) => {
      store.release = async () => undefined;
    }),
  },
  {
    section: 'schedules',
    fault: 'ignores that the lease is gone',
    caughtBy: /any order/,
    harness: sharedHarness((_store, memory) => {
      memory.faults.ignoreLeases = true;
    }),
  },
  {
    section: 'schedules',
    fault: 'ignores that a stamp has moved',
    caughtBy: /any order/,
    harness: sharedHarness((_store, memory) => {
      memory.faults.ignoreStamps = true;
    }),
  },
  {
    section: 'schedules',
    fault: 'keeps what a clear has taken, for a moment',
    caughtBy: /any order/,
    harness: sharedHarness((store) => {
      const { invalidate } = store;
      store.invalidate = async (invalidation) => {
        const outcome = await invalidate.call(store, { ...invalidation, stamps: [] });
        void soon().then(soon).then(soon).then(() => invalidate.call(store, invalidation));
        return { ...outcome, stamps: invalidation.stamps.map(() => 0 as unknown as Stamp) };
      };
    }),
  },
];

function silent(subscriber: { invalidated: unknown; gap: unknown }) {
  return { invalidated: () => void subscriber.invalidated, gap: () => void subscriber.gap };
}

function privateLeases(store: AttachedStore): void {
  const { lease } = store;
  store.lease = async (requests, options) => {
    const answer = await lease.call(store, requests, options);
    return {
      ...answer,
      answers: answer.answers.map((one, at) => {
        if (!('held' in one)) return one;
        const own: Lease = { lease: 'own', key: requests[at]!.key, asOf: 0 as unknown as AsOf };
        return own;
      }),
    };
  };
}
