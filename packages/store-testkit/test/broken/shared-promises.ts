import type { AsOf, Lease, Seen } from '@larder/cache-core/store';
import type { AttachedStore } from '../../src/index.ts';
import { sharedHarness } from '../harnesses.ts';
import { type BrokenStore, soon } from './broken-store.ts';
import { leaveLeasesAlone } from './shared-operations.ts';

/** Shared stores that break a promise among processes. */
export const brokenPromises: readonly BrokenStore[] = [
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
      store.increment = async ({ key, by, ttlMs, stamps, tags }) => {
        const current = memory.entry(key)?.value;
        await soon();
        const value = (typeof current === 'number' ? current : 0) + by;
        await store.write([{ key, entry: { value, ttlMs, graceMs: 0, loadMs: 0, stamps, tags } }]);
        return value;
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
    caughtBy: /do not come back/,
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
    fault: 'keeps from a cache what its own methods have done',
    caughtBy: /methods of the store itself/,
    harness: sharedHarness((store) => {
      store.delete = async (key) => {
        await store.invalidate({ keys: [`:${key}`], stamps: [], mode: 'delete' });
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
    fault: 'leaves leases alone when it invalidates',
    caughtBy: /any order/,
    harness: sharedHarness((store, memory) => leaveLeasesAlone(store, memory)),
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
