import type { MemoryStore } from '@larder/cache-core';
import { memoryHarness } from '../harnesses.ts';
import { type BrokenStore, soon } from './broken-store.ts';

let lastKey = '';

/** Stores with capabilities beyond the seven methods, in one process. */
export const brokenCapableStores: readonly BrokenStore[] = [
  {
    section: 'bulk',
    fault: 'answers in the order of the alphabet',
    caughtBy: /order of the keys/,
    harness: memoryHarness((store) => {
      const { getMany } = store;
      store.getMany = <T>(keys: readonly string[]) =>
        getMany.call(store, keys.toSorted()) as Promise<(T | null)[]>;
    }),
  },
  {
    section: 'bulk',
    fault: 'answers a key once that was asked for twice',
    caughtBy: /twice/,
    harness: memoryHarness((store) => {
      const { getMany } = store;
      store.getMany = <T>(keys: readonly string[]) =>
        getMany.call(store, [...new Set(keys)]) as Promise<(T | null)[]>;
    }),
  },
  {
    section: 'bulk',
    fault: 'stores the good half of a bad list',
    caughtBy: /nothing is/,
    harness: memoryHarness((store) => {
      store.setMany = async (items) => {
        for (const { key, value, ttl } of items) await store.set(key, value, ttl);
      };
    }),
  },
  {
    section: 'listing',
    fault: 'takes brackets for a set of characters',
    caughtBy: /with a pattern/,
    harness: memoryHarness((store) => {
      const { keys } = store;
      store.keys = async function* (pattern = '*') {
        const source = pattern
          .replace(/[.+^$(){}|\\]/g, '\\$&')
          .replaceAll('*', '[^]*')
          .replaceAll('?', '[^]');
        let matches: RegExp;
        try {
          matches = new RegExp(`^${source}$`, 'u');
        } catch {
          return;
        }
        for await (const key of keys.call(store)) if (matches.test(key)) yield key;
      };
    }),
  },
  {
    section: 'listing',
    fault: 'lists what has expired',
    caughtBy: /expired/,
    harness: memoryHarness((store) => {
      const known = new Set<string>();
      const { set, delete: remove, clear } = store;
      store.set = (key, value, ttl) => {
        known.add(key);
        return set.call(store, key, value, ttl);
      };
      store.delete = (key) => {
        known.delete(key);
        return remove.call(store, key);
      };
      store.clear = () => {
        known.clear();
        return clear.call(store);
      };
      store.keys = async function* () {
        yield* known;
      };
    }),
  },
  {
    section: 'listing',
    fault: 'lists one page',
    caughtBy: /more keys than one page/,
    harness: memoryHarness((store) => {
      const { keys } = store;
      store.keys = async function* (pattern) {
        let seen = 0;
        for await (const key of keys.call(store, pattern)) {
          seen += 1;
          if (seen > 1000) return;
          yield key;
        }
      };
    }),
  },
  {
    section: 'listing',
    fault: 'lists a key twice while it is written',
    caughtBy: /beside writers|without a pattern/,
    harness: memoryHarness((store) => {
      const { keys } = store;
      store.keys = async function* (pattern) {
        for await (const key of keys.call(store, pattern)) {
          yield key;
          if (key.endsWith('7')) yield key;
        }
      };
    }),
  },
  {
    section: 'time to live',
    fault: 'answers milliseconds',
    caughtBy: /what is left/,
    harness: memoryHarness((store) => {
      const { ttl } = store;
      store.ttl = async (key) => {
        const left = await ttl.call(store, key);
        return left === null ? null : left * 1000;
      };
    }),
  },
  {
    section: 'time to live',
    fault: 'brings expired entries back',
    caughtBy: /brings nothing back/,
    harness: memoryHarness((store) => revive(store)),
  },
  {
    section: 'counters',
    fault: 'reads, then writes',
    caughtBy: /at once/,
    harness: memoryHarness((store) => {
      store.increment = async (key, by, ttl) => {
        const sum = ((await store.get<number>(key)) ?? 0) + by;
        await soon();
        await store.set(key, sum, ttl);
        return sum;
      };
    }),
  },
  {
    section: 'counters',
    fault: 'gives a counter a new end each time',
    caughtBy: /keeps its end/,
    harness: memoryHarness((store) => {
      const { increment } = store;
      store.increment = async (key, by, ttl) => {
        const sum = await increment.call(store, key, by);
        await store.expire(key, ttl ?? Infinity);
        return sum;
      };
    }),
  },
  {
    section: 'counters',
    fault: 'counts on text that looks like a number',
    caughtBy: /no whole number is refused/,
    harness: memoryHarness((store) => {
      const { increment } = store;
      store.increment = async (key, by, ttl) => {
        const current = await store.get(key);
        if (typeof current === 'string' && /^\d+$/.test(current)) await store.set(key, Number(current));
        return increment.call(store, key, by, ttl);
      };
    }),
  },
  {
    section: 'health',
    fault: 'shows the last key',
    caughtBy: /neither keys nor values/,
    harness: memoryHarness((store) => {
      const { get, health } = store;
      store.get = <T>(key: string) => {
        lastKey = key;
        return get.call(store, key) as Promise<T | null>;
      };
      store.health = () => ({ ...health.call(store), details: { lastKey } });
    }),
  },
  {
    section: 'health',
    fault: 'is always well',
    caughtBy: /answered at once/,
    harness: memoryHarness((store) => {
      const { health } = store;
      store.health = () => ({ ...health.call(store), connected: true });
    }),
  },
];

function revive(store: MemoryStore): void {
  const last = new Map<string, unknown>();
  const { set, expire } = store;
  store.set = (key, value, ttl) => {
    last.set(key, value);
    return set.call(store, key, value, ttl);
  };
  store.expire = async (key, ttl) => {
    if (await expire.call(store, key, ttl)) return true;
    if (!last.has(key)) return false;
    await set.call(store, key, last.get(key), ttl);
    return true;
  };
}
