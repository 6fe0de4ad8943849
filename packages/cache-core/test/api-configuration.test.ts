import { CacheErrorCode, CacheManager, LocalBus, ManualClock, MemoryStore } from '@larder/cache-core';
import { describe, expect, it } from 'vitest';
import { PlainStore } from './plain-store.ts';
import { SharedMemory } from './shared-memory.ts';

const refused = expect.objectContaining({ code: CacheErrorCode.INVALID_CONFIGURATION });
const clock = new ManualClock();

describe('a store by name', () => {
  it.each([
    ['memcached', 'npm install @larder/store-memcached memjs'],
    ['postgres', 'npm install @larder/store-postgres pg'],
  ] as const)(
    '%s that is not installed rejects every call with the command that installs it',
    async (store, command) => {
      const cache = new CacheManager({ store, prefix: 'app:', ttl: 3600 });
      const calls = [
        cache.get('a'),
        cache.get('a', () => 1),
        cache.set('a', 1),
        cache.delete('a'),
        cache.flush(),
        cache.getMany([]),
      ];
      for (const call of calls) {
        await expect(call).rejects.toMatchObject({
          code: CacheErrorCode.INVALID_CONFIGURATION,
          message: expect.stringContaining(command),
        });
      }
      expect(cache.isConnected()).toBe(false);
      expect(cache.peek('a')).toBeUndefined();
      expect(cache.stats().entries).toBe(0);
      await cache.close();
    },
  );

  it.each(['', 'Redis', 'mysql', 'redis://localhost', null, 5, {}, [], () => undefined])(
    '%j is refused at once',
    (store) => {
      expect(() => new CacheManager({ store: store as never })).toThrow(refused);
    },
  );

  it('memory takes bounds, and a prefix that changes nothing', async () => {
    const cache = new CacheManager({ store: 'memory', l1: { maxEntries: 1 }, prefix: 'app:' });
    await cache.set('a', 1);
    await cache.set('b', 2);
    expect([cache.peek('a'), cache.peek('b')]).toEqual([undefined, 2]);
  });

  it('the names of missing methods are told', () => {
    const store = { get: () => null, set: () => undefined };
    expect(() => new CacheManager({ store: store as never })).toThrow(/lacks delete, clear/);
  });
});

describe('what belongs to the store', () => {
  it.each(['connection', 'serializer', 'compression', 'cluster'])(
    '%s is refused beside memory and beside an instance',
    (name) => {
      for (const store of [undefined, 'memory', new MemoryStore(), new PlainStore(clock)]) {
        expect(
          () => new CacheManager({ ...(store === undefined ? {} : { store }), [name]: {} } as never),
        ).toThrow(refused);
      }
    },
  );

  it('l1 and clock are refused beside a memory store that is made already', () => {
    expect(() => new CacheManager({ store: new MemoryStore(), l1: { maxEntries: 5 } })).toThrow(refused);
    expect(() => new CacheManager({ store: new MemoryStore(), clock: new ManualClock() })).toThrow(refused);
    const same = new ManualClock();
    expect(new CacheManager({ store: new MemoryStore({ clock: same }), clock: same })).toBeInstanceOf(
      CacheManager,
    );
    expect(() => new CacheManager({ l1: false })).toThrow(refused);
  });

  const hubOptions = [
    ['l1', { l1: { maxEntries: 10 } }, { l1: { maxEntries: 20 } }],
    ['l1', { l1: true }, { l1: false }],
    ['bus', { bus: new LocalBus() }, { bus: new LocalBus() }],
    ['clock', { clock }, { clock: new ManualClock() }],
    ['maxStaleness', { maxStaleness: 2 }, { maxStaleness: 3 }],
    ['storeTimeout', { storeTimeout: 2 }, { storeTimeout: 3 }],
    ['invalidationTimeout', { invalidationTimeout: 2 }, { invalidationTimeout: 3 }],
    ['maxInFlight', { maxInFlight: 2 }, { maxInFlight: 3 }],
    ['maxConcurrentLoads', { maxConcurrentLoads: 2 }, { maxConcurrentLoads: 3 }],
  ] as const;

  it.each(hubOptions)(
    'a second, different %s for one store instance is refused',
    async (option, first, second) => {
      const store = new SharedMemory(clock).attach();
      const cache = new CacheManager({ store, ...first });
      expect(() => new CacheManager({ store, ...second })).toThrow(
        expect.objectContaining({ code: CacheErrorCode.INVALID_CONFIGURATION, details: { option } }),
      );
      expect(new CacheManager({ store, ...first })).toBeInstanceOf(CacheManager);
      expect(new CacheManager({ store })).toBeInstanceOf(CacheManager);
      expect(await cache.get('a', () => 1)).toBe(1);
    },
  );

  it('after the last cache has closed another may differ', async () => {
    const store = new SharedMemory(clock).attach();
    await new CacheManager({ store, maxStaleness: 2 }).close();
    expect(new CacheManager({ store, maxStaleness: 3 })).toBeInstanceOf(CacheManager);
  });
});

describe('two caches on one store instance', () => {
  it('share memory, loads and fence, and keep their own statistics, options and events', async () => {
    const store = new MemoryStore({ clock });
    const [one, two] = [new CacheManager({ store, ttl: 10 }), new CacheManager({ store, ttl: 20 })];
    await one.set('a', 1);
    expect(await two.get('a')).toBe(1);
    let loads = 0;
    const loader = async () => {
      loads += 1;
      await Promise.resolve();
      return 1;
    };
    await Promise.all([one.get('x', loader), two.get('x', loader)]);
    expect(loads).toBe(1);
    expect([one.stats().sets, two.stats().sets, one.stats().hits, two.stats().hits]).toEqual([1, 0, 0, 1]);
    await two.set('b', 1);
    await clock.advance(10_000);
    expect([await one.get('a'), await one.get('b')]).toEqual([null, 1]);
    await two.clear();
    expect(await one.get('b')).toBeNull();
  });
});

describe('l1 in front of a store', () => {
  it('is on where the store has a bus, off elsewhere, and can be switched', async () => {
    const memory = new SharedMemory(clock);
    const on = async (options: object) => {
      const cache = new CacheManager({ clock, ...options });
      await cache.set('a', 1);
      const kept = cache.peek('a') === 1;
      await cache.close();
      return kept;
    };
    expect(await on({ store: memory.attach() })).toBe(true);
    expect(await on({ store: memory.attach(), l1: false })).toBe(false);
    expect(await on({ store: new PlainStore(clock) })).toBe(false);
    expect(await on({ store: new PlainStore(clock), l1: true })).toBe(true);
    expect(await on({ store: new PlainStore(clock), bus: new LocalBus() })).toBe(true);
    expect(await on({ store: memory.attach(), bus: false })).toBe(false);
  });

  it('without a bus is stale for maxStaleness at most', async () => {
    const plain = new PlainStore(clock);
    const cache = new CacheManager({ store: plain, l1: true, clock });
    await cache.set('a', 1);
    await plain.set('a', 2);
    await clock.advance(999);
    expect(await cache.get('a')).toBe(1);
    await clock.advance(1);
    expect(await cache.get('a')).toBe(2);
  });
});

describe('compress', () => {
  it('goes to the store as it is', async () => {
    const memory = new SharedMemory(clock);
    const store = memory.attach();
    const seen: unknown[] = [];
    const { write, fill } = store;
    store.write = (writes) => {
      seen.push(...writes.map(({ entry }) => entry.compress));
      return write.call(store, writes);
    };
    store.fill = (fills) => {
      seen.push(...fills.map(({ entry }) => entry.compress));
      return fill.call(store, fills);
    };
    const cache = new CacheManager({ store, clock, compress: false });
    await cache.set('a', 1);
    await cache.set('b', 1, { compress: true });
    await cache.get('c', (context) => {
      context.setOptions({ compress: true });
      return 1;
    });
    expect(seen).toEqual([false, true, true]);
  });
});
