import { CacheError, CacheErrorCode } from '@larder/cache-core';
import type { SharedEntry } from '@larder/cache-core/store';
import type { StoreHarness } from '../../src/index.ts';
import { remoteHarness } from '../harnesses.ts';
import type { BrokenStore } from './broken-store.ts';

/** Stores that talk to a server. */
export const brokenRemoteStores: readonly BrokenStore[] = [
  {
    section: 'values',
    fault: 'hands out what it keeps',
    caughtBy: /kept as it was/,
    harness: remoteHarness((_store, server) => {
      server.memory.copy = (value) => value;
    }),
  },
  {
    section: 'deletion',
    fault: 'clears what is not its own',
    caughtBy: /another program/,
    harness: without(remoteHarness(), {
      foreign: { plant: async () => undefined, isIntact: async () => false },
    }),
  },
  {
    section: 'persistence',
    fault: 'writes when it feels like it',
    caughtBy: /see one another|outlives/,
    harness: remoteHarness((store) => {
      const kept = new Map<string, unknown>();
      store.set = async (key, value) => void kept.set(key, value);
      store.get = async <T>(key: string) => (kept.get(key) ?? null) as T | null;
    }),
  },
  {
    section: 'damage',
    fault: 'throws at what it cannot read',
    caughtBy: /a miss/,
    harness: remoteHarness((store, server) => {
      const { get } = store;
      store.get = async <T>(key: string) => {
        if (server.memory.entry(`:${key}`)?.unreadable !== undefined)
          throw new SyntaxError('Unexpected token');
        return get.call(store, key) as Promise<T | null>;
      };
    }),
  },
  {
    section: 'damage',
    fault: 'believes what it reads',
    caughtBy: /capabilities/,
    harness: remoteHarness((store) => {
      const { read } = store;
      store.read = async (keys, options) => {
        const answer = await read.call(store, keys, options);
        return {
          ...answer,
          entries: answer.entries.map((one) =>
            one !== null && 'unreadable' in one
              ? ({ value: 'x', seen: one.seen } as unknown as SharedEntry)
              : one,
          ),
        };
      };
    }),
  },
  {
    section: 'damage',
    fault: 'has nobody to damage it',
    caughtBy: /a miss/,
    harness: without(remoteHarness(), { damage: undefined }),
  },
  {
    section: 'outage',
    fault: 'says that it is done while the server is away',
    caughtBy: /a write rejects/,
    harness: remoteHarness((store) => {
      const { write } = store;
      store.write = (writes) =>
        write
          .call(store, writes)
          .catch(() => writes.map(() => ({ stored: true, bytes: 0, compressed: false })));
    }),
  },
  {
    section: 'outage',
    fault: 'carries out later what it has given up',
    caughtBy: /F10|full service/,
    harness: remoteHarness((store) => {
      const { write } = store;
      const late: Parameters<typeof write>[0][] = [];
      store.write = async (writes) => {
        const outcome = await write.call(store, writes);
        if (writes.some(({ entry }) => String(entry.value).startsWith('late'))) late.push(writes);
        else if (writes.some(({ entry }) => String(entry.value).startsWith('new')))
          for (const again of late.splice(0)) await write.call(store, again);
        return outcome;
      };
    }),
  },
  {
    section: 'outage',
    fault: 'does not find the server again',
    caughtBy: /full service/,
    harness: remoteHarness((store) => {
      const { before } = store;
      let isLost = false;
      store.before = async (operation) => {
        if (isLost)
          throw new CacheError('Lost.', CacheErrorCode.STORE_UNAVAILABLE, { details: { applied: 'no' } });
        await Promise.resolve(before(operation)).catch((error: unknown) => {
          isLost = true;
          throw error;
        });
      };
    }),
  },
  {
    section: 'outage',
    fault: 'vouches for a bus that was cut',
    caughtBy: /F5|served for D/,
    harness: remoteHarness((store, server) => {
      const { subscribe } = store.capabilities.bus!;
      store.capabilities.bus!.subscribe = (subscriber, options) => {
        subscriber.alive(Infinity);
        let heard = 0;
        return subscribe.call(
          store.capabilities.bus,
          {
            alive: () => undefined,
            gap: () => undefined,
            invalidated: (message) => {
              heard += 1;
              if (heard > server.memory.log.length) subscriber.invalidated(message);
            },
          },
          options,
        );
      };
    }),
  },
  {
    section: 'outage',
    fault: 'says that it is well when it is not',
    caughtBy: /health is answered/,
    harness: remoteHarness((store) => {
      store.capabilities.health!.health = () => ({ connected: true, latencyMs: 1 });
      store.before = () => undefined;
    }),
  },
  {
    section: 'outage',
    fault: 'shows its password',
    caughtBy: /no secret/,
    harness: remoteHarness((store) => {
      Object.assign(store, { url: 'redis://app:a password that this double never had@localhost' });
    }),
  },
  {
    section: 'outage',
    fault: 'keeps its leases through the loss of all data',
    caughtBy: /F13/,
    harness: remoteHarness((store, server) => {
      const { fill } = store;
      server.memory.faults.ignoreLeases = true;
      server.memory.faults.ignoreStamps = true;
      store.fill = (fills) => fill.call(store, fills);
    }),
  },
  {
    section: 'outage',
    fault: 'rejects with whatever its client throws',
    caughtBy: /cut|full service/,
    harness: remoteHarness((store) => {
      const { before } = store;
      store.before = async (operation) => {
        await Promise.resolve(before(operation)).catch(() => {
          throw new Error('ECONNRESET');
        });
      };
    }),
  },
  {
    section: 'outage',
    fault: 'tells nobody that the server is back',
    caughtBy: /told/,
    harness: remoteHarness((store) => {
      store.capabilities.remote!.onReady = () => () => undefined;
    }),
  },
  {
    section: 'outage',
    fault: 'has a harness that cannot take its server away',
    caughtBy: /./,
    harness: without(remoteHarness(), { faults: undefined }),
  },
];

/** The harness with something else in its backends, or nothing. */
function without(harness: StoreHarness, other: object): StoreHarness {
  return {
    name: harness.name,
    prepare: async () => ({ ...(await harness.prepare()), ...other }),
  };
}
