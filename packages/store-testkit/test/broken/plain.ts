import { checkKey } from '@larder/cache-core/store';
import { plainHarness } from '../harnesses.ts';
import { type BrokenStore, later, soon } from './broken-store.ts';

/** Stores of seven methods. */
export const brokenPlainStores: readonly BrokenStore[] = [
  {
    section: 'values',
    fault: 'turns dates into text',
    caughtBy: /each value comes back as it was set/,
    harness: plainHarness((store) => {
      const { set } = store;
      store.set = (key, value, ttl) =>
        set.call(store, key, value instanceof Date ? value.toISOString() : value, ttl);
    }),
  },
  {
    section: 'values',
    fault: 'awaits what it is given',
    caughtBy: /refused with INVALID_VALUE/,
    harness: plainHarness((store) => {
      const { set } = store;
      store.set = async (key, value, ttl) => set.call(store, key, await value, ttl);
    }),
  },
  {
    section: 'absence',
    fault: 'answers undefined for nothing',
    caughtBy: /never set/,
    harness: plainHarness((store) => {
      const { get } = store;
      store.get = async <T>(key: string) => ((await get.call(store, key)) ?? undefined) as T | null;
    }),
  },
  {
    section: 'absence',
    fault: 'takes falsy values for nothing',
    caughtBy: /falsy/,
    harness: plainHarness((store) => {
      const { get } = store;
      store.get = async <T>(key: string) => ((await get.call(store, key)) || null) as T | null;
    }),
  },
  {
    section: 'absence',
    fault: 'looks keys up in an object with a prototype',
    caughtBy: /never set/,
    harness: plainHarness((store) => {
      const { get } = store;
      store.get = async <T>(key: string) => {
        const inherited = ({} as Record<string, unknown>)[key];
        return (inherited === undefined ? await get.call(store, key) : inherited) as T | null;
      };
    }),
  },
  {
    section: 'expiry',
    fault: 'forgets the ttl',
    caughtBy: /never early, never late/,
    harness: plainHarness((store) => {
      const { set } = store;
      store.set = (key, value, ttl) => set.call(store, key, value, ttl === 0 ? 0 : Infinity);
    }),
  },
  {
    section: 'expiry',
    fault: 'rounds fractions of a second down',
    caughtBy: /fractions/,
    harness: plainHarness((store) => {
      const { set } = store;
      store.set = (key, value, ttl = Infinity) => set.call(store, key, value, ttl === 1.5 ? 1 : ttl);
    }),
  },
  {
    section: 'expiry',
    fault: 'takes seconds for milliseconds',
    caughtBy: /unit is the second/,
    harness: plainHarness((store) => {
      const { set } = store;
      store.set = (key, value, ttl = Infinity) => set.call(store, key, value, ttl / 1000);
    }),
  },
  {
    section: 'expiry',
    fault: 'counts milliseconds in 32 bits',
    caughtBy: /2\^31/,
    harness: plainHarness((store) => {
      const { set } = store;
      store.set = (key, value, ttl = Infinity) =>
        set.call(store, key, value, ttl * 1000 > 2 ** 31 && ttl < Infinity ? 0.001 : ttl);
      const { get } = store;
      store.get = async <T>(key: string) => (/^k2147483/.test(key) ? null : get.call(store, key)) as T | null;
    }),
  },
  {
    section: 'keys',
    fault: 'folds upper and lower case',
    caughtBy: /each keeps its own value/,
    harness: plainHarness((store) => {
      const { get, set } = store;
      store.get = <T>(key: string) => get.call(store, key.toLowerCase()) as Promise<T | null>;
      store.set = (key, value, ttl) => set.call(store, key.toLowerCase(), value, ttl);
    }),
  },
  {
    section: 'keys',
    fault: 'cuts keys at 250 bytes',
    caughtBy: /each keeps its own value/,
    harness: plainHarness((store) => {
      const { get, set } = store;
      store.get = <T>(key: string) => get.call(store, key.slice(0, 250)) as Promise<T | null>;
      store.set = (key, value, ttl) => set.call(store, key.slice(0, 250), value, ttl);
    }),
  },
  {
    section: 'keys',
    fault: 'takes anything for a key',
    caughtBy: /refused with INVALID_KEY/,
    harness: plainHarness((store) => {
      store.get = async <T>(key: string) => (store.entries.get(String(key))?.value ?? null) as T | null;
    }),
  },
  {
    section: 'keys',
    fault: 'throws at a bad key, before it answers a promise',
    caughtBy: /refused with INVALID_KEY/,
    harness: plainHarness((store) => {
      const { get } = store;
      store.get = <T>(key: string) => {
        checkKey(key);
        return get.call(store, key) as Promise<T | null>;
      };
    }),
  },
  {
    section: 'sizes',
    fault: 'cuts large text',
    caughtBy: /text of any size/,
    harness: plainHarness((store) => {
      const { set } = store;
      store.set = (key, value, ttl) =>
        set.call(store, key, typeof value === 'string' ? value.slice(0, 65_536) : value, ttl);
    }),
  },
  {
    section: 'sizes',
    fault: 'stores the half of what it refuses',
    caughtBy: /too large leaves nothing/,
    harness: plainHarness((store) => {
      const { set } = store;
      store.set = async (key, value, ttl) => {
        if (typeof value !== 'string' || value.length < 10_000_000) return set.call(store, key, value, ttl);
        await set.call(store, key, value.slice(0, 1000), ttl);
        throw new RangeError('too large');
      };
    }),
  },
  {
    section: 'deletion',
    fault: 'clears the store next door',
    caughtBy: /left alone by a clear/,
    harness: plainHarness((store, first) => {
      const { clear } = store;
      store.clear = async () => {
        first?.entries.clear();
        await clear.call(store);
      };
    }),
  },
  {
    section: 'deletion',
    fault: 'deletes what begins like the key',
    caughtBy: /delete, set, get|takes its key|next door does not share/,
    harness: plainHarness((store) => {
      store.delete = async () => {
        for (const key of store.entries.keys()) store.entries.delete(key);
      };
    }),
  },
  {
    section: 'deletion',
    fault: 'deletes a moment after it has said so',
    caughtBy: /delete/,
    harness: plainHarness((store) => {
      const { delete: remove } = store;
      store.delete = async (key) => {
        later(() => remove.call(store, key));
      };
    }),
  },
  {
    section: 'concurrency',
    fault: 'answers the last caller what the first has asked',
    caughtBy: /mix up/,
    harness: plainHarness((store) => {
      const { get } = store;
      let latest = '';
      store.get = async <T>(key: string) => {
        latest = key;
        await soon();
        return get.call(store, latest) as Promise<T | null>;
      };
    }),
  },
  {
    section: 'concurrency',
    fault: 'reads what it remembers of before its own delete',
    caughtBy: /whoever has been answered/,
    harness: plainHarness((store) => {
      const { get } = store;
      const remembered = new Map<string, unknown>();
      store.get = async <T>(key: string) => {
        const value = await get.call(store, key);
        if (value !== null) remembered.set(key, value);
        return (value ?? remembered.get(key) ?? null) as T | null;
      };
    }),
  },
  {
    section: 'namespaces',
    fault: 'drops backslashes from keys',
    caughtBy: /the same key in several namespaces|resembles/,
    harness: plainHarness((store) => {
      const { get, set, delete: remove } = store;
      const plain = (key: string) => key.replaceAll('\\', '');
      store.get = <T>(key: string) => get.call(store, plain(key)) as Promise<T | null>;
      store.set = (key, value, ttl) => set.call(store, plain(key), value, ttl);
      store.delete = (key) => remove.call(store, plain(key));
    }),
  },
  {
    section: 'loads',
    fault: 'acknowledges a deletion before it is done',
    caughtBy: /P2/,
    harness: plainHarness((store) => {
      const { delete: remove } = store;
      store.delete = async (key) => {
        later(() => remove.call(store, key));
      };
    }),
  },
  {
    section: 'loads',
    fault: 'keeps nothing',
    caughtBy: /nothing has overtaken/,
    harness: plainHarness((store) => {
      store.set = async () => undefined;
    }),
  },
  {
    section: 'closing',
    fault: 'goes on after disconnect',
    caughtBy: /refused with CLOSED/,
    harness: plainHarness((store) => {
      store.get = async <T>(key: string) => (store.entries.get(key)?.value ?? null) as T | null;
    }),
  },
  {
    section: 'closing',
    fault: 'cannot be closed twice',
    caughtBy: /second disconnect/,
    harness: plainHarness((store) => {
      const { disconnect } = store;
      store.disconnect = async () => {
        if (!store.isConnected()) throw new Error('not open');
        await disconnect.call(store);
      };
    }),
  },
  {
    section: 'closing',
    fault: 'stays closed for ever',
    caughtBy: /opens it again/,
    harness: plainHarness((store) => {
      store.connect = async () => undefined;
    }),
  },
  {
    section: 'closing',
    fault: 'lets calls hang that are under way when it closes',
    caughtBy: /under way/,
    harness: plainHarness((store) => {
      const { get } = store;
      store.get = async <T>(key: string) => {
        await soon();
        if (!store.isConnected()) await new Promise(() => undefined);
        return get.call(store, key) as Promise<T | null>;
      };
    }),
  },
  {
    section: 'closing',
    fault: 'never answers',
    caughtBy: /connect can be called/,
    harness: plainHarness((store) => {
      store.get = () => new Promise(() => undefined);
    }),
  },
];
