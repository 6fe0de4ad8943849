import { CacheManager } from '@larder/cache-core';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../clock/manual-clock.ts';
import type { CacheStore } from '../contracts/cache-store.ts';
import { CacheErrorCode } from '../errors/error-code.ts';
import type { MemoryStoreOptions } from './memory-options.ts';
import { type Eviction, MemoryStore } from './memory-store.ts';

function makeStore(options?: MemoryStoreOptions) {
  const clock = new ManualClock();
  return { clock, store: new MemoryStore({ clock, ...options }) };
}

async function listed(store: MemoryStore, pattern?: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of store.keys(pattern)) keys.push(key);
  return keys.sort();
}

const failing = (code: string) => expect.objectContaining({ code });

describe('the contract', () => {
  it('stores, answers, replaces, deletes and clears', async () => {
    const store: CacheStore = makeStore().store;
    expect(await store.get('k')).toBeNull();
    await store.set('k', 1);
    expect(await store.get('k')).toBe(1);
    await store.set('k', 2);
    expect(await store.get('k')).toBe(2);
    await store.delete('k');
    await store.delete('k');
    expect(await store.get('k')).toBeNull();
    await store.set('a', 1);
    await store.set('b', 1);
    await store.clear();
    expect([await store.get('a'), await store.get('b')]).toEqual([null, null]);
  });

  it('is connected from the start, and again after connect', async () => {
    const { store } = makeStore();
    expect(store.isConnected()).toBe(true);
    await store.connect();
    await store.set('k', 1);
    await store.disconnect();
    await store.disconnect();
    expect(store.isConnected()).toBe(false);
    await store.connect();
    expect(store.isConnected()).toBe(true);
    expect(await store.get('k')).toBeNull();
    await store.set('k', 2);
    expect(await store.get('k')).toBe(2);
  });

  it('refuses every call after disconnect, and keeps nothing ticking', async () => {
    const { store, clock } = makeStore();
    store.setSync('k', 1, 10);
    await store[Symbol.asyncDispose]();
    expect(clock.pendingTimers).toBe(0);
    const calls = [
      store.get('k'),
      store.set('k', 1),
      store.delete('k'),
      store.clear(),
      store.getMany(['k']),
      store.setMany([{ key: 'k', value: 1 }]),
      store.setMany([]),
      store.deleteMany(['k']),
      store.ttl('k'),
      store.expire('k', 1),
      store.increment('k', 1),
      listed(store),
    ];
    for (const call of calls) await expect(call).rejects.toEqual(failing(CacheErrorCode.CLOSED));
    for (const call of [
      () => store.peek('k'),
      () => store.setSync('k', 1),
      () => store.deleteSync('k'),
      () => store.clearSync(),
    ]) {
      expect(call).toThrow(failing(CacheErrorCode.CLOSED));
    }
    expect(store.stats().entries).toBe(0);
    expect(store.health()).toMatchObject({ connected: false });
  });

  it('stops a listing that is under way when it is disconnected', async () => {
    const { store } = makeStore();
    await store.setMany([
      { key: 'a', value: 1 },
      { key: 'b', value: 1 },
    ]);
    const keys = store.keys()[Symbol.asyncIterator]();
    await keys.next();
    await store.disconnect();
    await expect(keys.next()).rejects.toEqual(failing(CacheErrorCode.CLOSED));
  });

  it.each(['', '\ud800', 'a\udc00', 'x'.repeat(65_536), null, undefined, 5, Symbol('s')])(
    'refuses the key %s',
    async (key) => {
      const { store } = makeStore();
      const bad = key as string;
      const calls = [
        store.get(bad),
        store.set(bad, 1),
        store.delete(bad),
        store.ttl(bad),
        store.expire(bad, 1),
      ];
      calls.push(store.increment(bad, 1), store.getMany(['k', bad]), store.deleteMany(['k', bad]));
      calls.push(
        store.setMany([
          { key: 'k', value: 1 },
          { key: bad, value: 1 },
        ]),
      );
      for (const call of calls) await expect(call).rejects.toEqual(failing(CacheErrorCode.INVALID_KEY));
      expect(store.stats().entries).toBe(0);
    },
  );

  it.each(['__proto__', 'constructor', 'then', 'toString', ' ', '\0', 'a\r\nb', '@n:k', ':k', '\u{1f600}'])(
    'takes the key %j as any other',
    async (key) => {
      const { store } = makeStore();
      await store.set(key, 'mine');
      expect(await store.get(key)).toBe('mine');
      expect(await store.get(`${key}x`)).toBeNull();
      expect(await listed(store)).toEqual([key]);
    },
  );

  it.each([
    ['undefined', undefined],
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['a promise', Promise.resolve(1)],
    // biome-ignore lint/suspicious/noThenProperty: a thenable is what is refused
    ['a thenable', { then: () => 1 }],
  ])('refuses %s, and keeps what was there', async (_, value) => {
    const { store } = makeStore();
    await store.set('k', 'old');
    await expect(store.set('k', value)).rejects.toEqual(failing(CacheErrorCode.INVALID_VALUE));
    await expect(
      store.setMany([
        { key: 'k', value: 1 },
        { key: 'k', value },
      ]),
    ).rejects.toEqual(failing(CacheErrorCode.INVALID_VALUE));
    expect(await store.get('k')).toBe('old');
  });

  it('tells a cached null from nothing only at once', async () => {
    const { store } = makeStore();
    await store.set('k', null);
    expect(await store.get('k')).toBeNull();
    expect(store.peek('k')).toBeNull();
    expect(store.peek('absent')).toBeUndefined();
  });
});

describe('a time to live', () => {
  it('is in seconds, with fractions, to the instant', async () => {
    const { store, clock } = makeStore();
    for (const [seconds, ms] of [
      [1, 1000],
      [0.5, 500],
      [0.001, 1],
      [0.0001, 1],
      [0.07, 70],
    ] as const) {
      await store.set('k', 'v', seconds);
      await clock.advance(ms - 0.5);
      expect(await store.get('k')).toBe('v');
      await clock.advance(0.5);
      expect(await store.get('k')).toBeNull();
    }
  });

  it('deletes with 0', async () => {
    const { store } = makeStore();
    await store.set('k', 'old');
    await store.set('k', 'new', 0);
    expect(await store.get('k')).toBeNull();
    expect(store.stats().entries).toBe(0);
    await store.set('k', 'new', -0);
    expect(store.stats().entries).toBe(0);
  });

  it('is without an end where none is given, or Infinity, or more than a clock can count', async () => {
    const { store, clock } = makeStore();
    await store.setMany([
      { key: 'none', value: 1 },
      { key: 'infinite', value: 1, ttl: Infinity },
      { key: 'huge', value: 1, ttl: 1e300 },
    ]);
    expect(clock.pendingTimers).toBe(0);
    await clock.advance(1e15);
    expect(await store.getMany(['none', 'infinite', 'huge'])).toEqual([1, 1, 1]);
    expect(await store.ttl('huge')).toBe(Infinity);
  });

  it.each([-1, Number.NaN, '5', '1h1', null, {}])('refuses %s, and changes nothing', async (ttl) => {
    const { store } = makeStore();
    const bad = ttl as number;
    await store.set('k', 1);
    const calls = [store.set('k', 2, bad), store.expire('k', bad), store.increment('k', 1, bad)];
    calls.push(
      store.expire('absent', bad),
      store.setMany([
        { key: 'k', value: 2 },
        { key: 'k', value: 2, ttl: bad },
      ]),
    );
    for (const call of calls)
      await expect(call).rejects.toEqual(failing(CacheErrorCode.INVALID_CONFIGURATION));
    expect(await store.get('k')).toBe(1);
    expect(await store.ttl('k')).toBe(Infinity);
  });

  it('is told in seconds', async () => {
    const { store, clock } = makeStore();
    await store.set('k', 1, 10);
    await clock.advance(2500);
    expect(await store.ttl('k')).toBe(7.5);
    await clock.advance(7500);
    expect(await store.ttl('k')).toBeNull();
    expect(await store.ttl('absent')).toBeNull();
  });

  it('is changed, never given to what is not there', async () => {
    const { store, clock } = makeStore();
    expect(await store.expire('k', 10)).toBe(false);
    await store.set('k', 'v', 10);
    await clock.advance(9000);
    expect(await store.expire('k', 5)).toBe(true);
    await clock.advance(4999);
    expect(await store.get('k')).toBe('v');
    await clock.advance(1);
    expect(await store.expire('k', 5)).toBe(false);
    expect(await store.get('k')).toBeNull();
    await store.set('k', 'v', 1);
    expect(await store.expire('k', Infinity)).toBe(true);
    expect(await store.ttl('k')).toBe(Infinity);
    expect(await store.expire('k', 0)).toBe(true);
    expect(await store.get('k')).toBeNull();
  });
});

describe('several at once', () => {
  it('answers in order, one key twice included', async () => {
    const { store } = makeStore();
    await store.setMany([
      { key: 'a', value: 1 },
      { key: 'b', value: 2, ttl: 1 },
    ]);
    expect(await store.getMany(['b', 'x', 'a', 'b'])).toEqual([2, null, 1, 2]);
    await store.deleteMany(['a', 'x', 'a']);
    expect(await store.getMany(['a', 'b'])).toEqual([null, 2]);
    expect(await store.getMany([])).toEqual([]);
  });

  it('stores what it can, and names what it could not', async () => {
    const { store } = makeStore({ maxBytes: 10, sizeOf: (value) => value as number });
    const items = [1, 11, 2, 12].map((value, index) => ({ key: `k${index}`, value }));
    await expect(store.setMany(items)).rejects.toMatchObject({
      code: CacheErrorCode.BULK_FAILED,
      details: { failed: [1, 3] },
      cause: { code: CacheErrorCode.MEMORY_LIMIT_EXCEEDED },
    });
    expect(await store.getMany(['k0', 'k1', 'k2', 'k3'])).toEqual([1, null, 2, null]);
  });
});

describe('a value that is too large', () => {
  it('is refused, and what was there is gone', () => {
    const { store } = makeStore({ maxBytes: 1000 });
    store.setSync('k', 'small');
    expect(() => store.setSync('k', 'x'.repeat(1000))).toThrow(failing(CacheErrorCode.MEMORY_LIMIT_EXCEEDED));
    expect(store.peek('k')).toBeUndefined();
    store.setSync('k', 'small again');
    expect(store.peek('k')).toBe('small again');
  });
});

describe('a counter', () => {
  it('begins at 0, and keeps its end', async () => {
    const { store, clock } = makeStore();
    expect(await store.increment('k', 5, 1)).toBe(5);
    for (let count = 0; count < 10; count++) {
      await clock.advance(99);
      expect(await store.increment('k', -1, 100)).toBe(4 - count);
    }
    await clock.advance(9);
    expect(await store.get('k')).toBe(-5);
    await clock.advance(1);
    expect(await store.increment('k', 1)).toBe(1);
    expect(await store.ttl('k')).toBe(Infinity);
  });

  it('counts on what was set, if that is a whole number', async () => {
    const { store } = makeStore();
    await store.set('k', 41);
    expect(await store.increment('k', 1)).toBe(42);
    for (const value of ['41', 0.5, null, {}]) {
      await store.set('k', value);
      await expect(store.increment('k', 1)).rejects.toEqual(failing(CacheErrorCode.INVALID_VALUE));
      expect(await store.get('k')).toEqual(value);
    }
  });

  it.each([0.5, Number.NaN, Infinity, '1', 2 ** 53])('refuses to add %s', async (by) => {
    const { store } = makeStore();
    await expect(store.increment('k', by as number)).rejects.toEqual(
      failing(CacheErrorCode.INVALID_CONFIGURATION),
    );
    expect(store.stats().entries).toBe(0);
  });
});

describe('a key listing', () => {
  it('lists fresh keys that match, each once', async () => {
    const { store, clock } = makeStore();
    for (const key of ['a:1', 'a:2', 'b:1', 'a*1']) store.setSync(key, 1);
    store.setSync('a:over', 1, 1);
    await clock.advance(1000);
    expect(await listed(store)).toEqual(['a*1', 'a:1', 'a:2', 'b:1']);
    expect(await listed(store, 'a:*')).toEqual(['a:1', 'a:2']);
    expect(await listed(store, 'a\\*1')).toEqual(['a*1']);
    expect(await listed(store, '?:1')).toEqual(['a:1', 'b:1']);
    expect(await listed(store, 'nothing*')).toEqual([]);
  });

  it('ends, and lists each once, though every key is used, stored or deleted on the way', async () => {
    const { store } = makeStore();
    const keys = Array.from({ length: 50 }, (_, index) => `k${index}`);
    for (const key of keys) store.setSync(key, 1);
    const seen: string[] = [];
    for await (const key of store.keys()) {
      seen.push(key);
      await store.get(key);
      await store.set(key, 2);
      if (seen.length % 5 === 0) await store.delete(key);
    }
    expect(seen.sort()).toEqual([...keys].sort());
  });

  it('is no use of what it lists', async () => {
    const { store } = makeStore({ maxEntries: 2 });
    store.setSync('a', 1);
    store.setSync('b', 1);
    expect(await listed(store, 'a')).toEqual(['a']);
    expect(await store.ttl('a')).toBe(Infinity);
    store.setSync('c', 1);
    expect(await listed(store)).toEqual(['b', 'c']);
  });

  it('lists no more than what was cleared left', async () => {
    const { store } = makeStore();
    for (const key of ['a', 'b', 'c']) store.setSync(key, 1);
    const seen: string[] = [];
    for await (const key of store.keys()) {
      seen.push(key);
      store.clearSync();
    }
    expect(seen).toHaveLength(1);
  });
});

describe('evictions', () => {
  it('are told with their cause, and not what was asked for', async () => {
    const { store, clock } = makeStore({ maxEntries: 2 });
    const told: Eviction[] = [];
    const stop = store.onEvict((eviction) => told.push(eviction));
    for (const key of ['a', 'b', 'c']) store.setSync(key, 1);
    expect(told).toEqual([{ key: 'a', cause: 'capacity' }]);
    store.setSync('b', 2, 1);
    store.deleteSync('c');
    await clock.advance(30_000);
    expect(told[1]).toEqual({ key: 'b', cause: 'expired' });
    store.setSync('d', 1);
    store.clearSync();
    expect(told).toHaveLength(2);
    stop();
    for (const key of ['a', 'b', 'c']) store.setSync(key, 1);
    expect(told).toHaveLength(2);
    expect(store.stats()).toMatchObject({ evictions: 2, expirations: 1 });
  });

  it('may be answered by storing again', () => {
    const { store } = makeStore({ maxEntries: 2 });
    let saved = 0;
    store.onEvict(({ key }) => {
      if (saved++ === 0) store.setSync(key, 'saved');
    });
    for (const key of ['a', 'b', 'c']) store.setSync(key, 1);
    expect(store.peek('a')).toBe('saved');
    expect(store.stats()).toMatchObject({ entries: 2, evictions: 2 });
  });

  it('harm nobody by what a listener throws', () => {
    const { store } = makeStore({ maxEntries: 1 });
    store.onEvict(() => {
      throw new Error('mine');
    });
    store.setSync('a', 1);
    store.setSync('b', 1);
    expect(store.peek('b')).toBe(1);
    expect(store.stats().entries).toBe(1);
  });
});

describe('deleteSync', () => {
  it('says whether there was a fresh entry', async () => {
    const { store, clock } = makeStore();
    expect(store.deleteSync('k')).toBe(false);
    store.setSync('k', null, 1);
    expect(store.deleteSync('k')).toBe(true);
    expect(store.deleteSync('k')).toBe(false);
    store.setSync('k', 1, 1);
    await clock.advance(1000);
    expect(store.deleteSync('k')).toBe(false);
  });
});

describe('statistics', () => {
  it('count entries, bytes, evictions, expirations and tags', async () => {
    const { store, clock } = makeStore({ maxEntries: 10, maxBytes: 5000 });
    expect(store.stats()).toEqual({
      entries: 0,
      bytes: 0,
      maxEntries: 10,
      maxBytes: 5000,
      evictions: 0,
      expirations: 0,
      tags: 0,
    });
    store.setSync('k', 'x'.repeat(100), 1);
    const { entries, bytes } = store.stats();
    expect(entries).toBe(1);
    expect(bytes).toBeGreaterThan(100);
    expect(bytes).toBeLessThan(300);
    expect(store.health()).toEqual({ connected: true, latencyMs: 0, details: { entries: 1, bytes } });
    await clock.advance(30_000);
    expect(store.stats()).toMatchObject({ entries: 0, bytes: 0, expirations: 1 });
  });
});

describe('under a cache', () => {
  it('keeps tags and grace of entries whose time or count is changed here', async () => {
    const { store, clock } = makeStore();
    const cache = new CacheManager({ store });
    await cache.set('count', 1, { ttl: '10s', grace: '1h', tags: ['t'] });
    await cache.set('timed', 1, { ttl: '10s', grace: '1h', tags: ['t'] });
    expect(await store.increment('count', 1)).toBe(2);
    expect(await store.expire('timed', 20)).toBe(true);
    await clock.advance(15_000);
    expect(await cache.getEntry('count')).toMatchObject({ value: 2, stale: true, tags: ['t'] });
    expect(await cache.getEntry('timed')).toMatchObject({
      value: 1,
      stale: false,
      tags: ['t'],
      freshMs: 5000,
    });
    // Stale ones are none to the store.
    expect([await store.get('count'), await store.ttl('count'), await store.expire('count', 5)]).toEqual([
      null,
      null,
      false,
    ]);
    expect(await listed(store)).toEqual(['timed']);
    await cache.invalidateTag('t');
    expect([await store.get('timed'), await cache.get('timed'), await cache.getEntry('count')]).toEqual([
      null,
      null,
      null,
    ]);
    expect([await store.ttl('timed'), await store.expire('timed', 5)]).toEqual([null, false]);
    expect(await listed(store)).toEqual([]);
    expect(await store.increment('timed', 7)).toBe(7);
    await cache.close();
  });

  it('sees the root alone: namespaces are neither listed nor told', async () => {
    const { store } = makeStore({ maxEntries: 2 });
    const told: string[] = [];
    store.onEvict(({ key }) => told.push(key));
    const cache = new CacheManager({ store });
    const namespace = cache.namespace('n');
    await namespace.set('inside', 1);
    await cache.set('outside', 1);
    expect(await listed(store)).toEqual(['outside']);
    expect(store.peek('inside')).toBeUndefined();
    await cache.set('other', 1);
    expect(told).toEqual([]);
    expect(store.stats().evictions).toBe(1);
    store.clearSync();
    expect(await namespace.get('inside')).toBeNull();
    await cache.close();
  });

  it('wins over loads under way: what they bring is not kept', async () => {
    const { store } = makeStore();
    const cache = new CacheManager({ store });
    const changes: [change: () => unknown, then: unknown][] = [
      [() => store.setSync('k', 'new'), 'new'],
      [() => store.deleteSync('k'), null],
      [() => store.clearSync(), null],
      [() => store.set('k', 'new', 10), 'new'],
      [() => store.setMany([{ key: 'k', value: 'new' }]), 'new'],
      [() => store.deleteMany(['k']), null],
      [() => store.increment('k', 1), 1],
    ];
    for (const [change, then] of changes) {
      store.clearSync();
      const waiting: ((value: string) => void)[] = [];
      const loading = cache.get('k', () => new Promise<string>((resolve) => waiting.push(resolve)));
      await Promise.resolve();
      await change();
      waiting[0]!('old');
      expect(await loading).toBe('old');
      expect(await store.get('k')).toBe(then);
    }
    await cache.close();
  });
});
