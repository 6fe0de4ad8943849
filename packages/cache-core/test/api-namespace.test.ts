import { CacheErrorCode, CacheManager } from '@larder/cache-core';
import { describe, expect, it } from 'vitest';
import { cacheKinds, memoryKind, twoTiers } from './cache-kinds.ts';

describe.each(cacheKinds)('namespaces over $name', (kind) => {
  it('are apart from one another, from the root and from those inside', async () => {
    const { cache } = kind.open();
    const places = [
      cache,
      cache.namespace('a'),
      cache.namespace('b'),
      cache.namespace('a').namespace('b'),
      cache.namespace('b').namespace('a'),
    ];
    for (const [at, place] of places.entries()) await place.set('k', at);
    for (const [at, place] of places.entries()) expect(await place.get('k')).toBe(at);
    await places[1]!.delete('k');
    expect(await Promise.all(places.map((place) => place.get('k')))).toEqual([0, null, 2, 3, 4]);
  });

  it('two of one name are the same', async () => {
    const { cache } = kind.open();
    await cache.namespace('a').set('k', 1);
    expect(await cache.namespace('a').get('k')).toBe(1);
    let loads = 0;
    const slow = async () => {
      loads += 1;
      await Promise.resolve();
      return 1;
    };
    await Promise.all([cache.namespace('a').get('x', slow), cache.namespace('a').get('x', slow)]);
    expect(loads).toBe(1);
  });

  it('clear stays inside, and goes all the way in', async () => {
    const { cache } = kind.open();
    const a = cache.namespace('a');
    const inner = a.namespace('b').namespace('c');
    const prefixed = cache.namespace('aa');
    for (const place of [cache, a, inner, prefixed]) await place.set('k', 1);
    await a.clear();
    expect(await Promise.all([cache, a, inner, prefixed].map((place) => place.get('k')))).toEqual([
      1,
      null,
      null,
      1,
    ]);
    await inner.set('k', 2);
    expect(await inner.get('k')).toBe(2);
  });

  it('have defaults of their own over those of the cache', async () => {
    const { cache, clock } = kind.open({ ttl: 100 });
    const short = cache.namespace('short', { ttl: 1 });
    const inner = short.namespace('inner');
    await Promise.all([cache.set('k', 1), short.set('k', 1), inner.set('k', 1), short.set('own', 1, 50)]);
    await clock.advance(1000);
    expect(await Promise.all([cache.get('k'), short.get('k'), inner.get('k'), short.get('own')])).toEqual([
      1,
      null,
      null,
      1,
    ]);
  });

  it('tags belong to the manager and reach all of them', async () => {
    const { cache } = kind.open();
    const users = cache.namespace('users', { tags: ['all'] });
    await users.set('1', 'ann', { tags: ['x'] });
    await cache.namespace('posts').set('1', 'post', { tags: ['x'] });
    await users.set('2', 'bob');
    await cache.invalidateTag('x');
    expect([await users.get('1'), await cache.namespace('posts').get('1'), await users.get('2')]).toEqual([
      null,
      null,
      'bob',
    ]);
    await cache.namespace('other').invalidateTag('all');
    expect(await users.get('2')).toBeNull();
  });

  it.each(['', '\ud800', 5, null, undefined, {}])('refuse the name %j', (name) => {
    const { cache } = kind.open();
    expect(() => cache.namespace(name as never)).toThrow(
      expect.objectContaining({ code: CacheErrorCode.INVALID_CONFIGURATION }),
    );
  });

  it('refuse options that they do not have', () => {
    const { cache } = kind.open();
    const refused = expect.objectContaining({ code: CacheErrorCode.INVALID_CONFIGURATION });
    for (const options of [
      { tll: 1 },
      { store: 'memory' },
      { signal: new AbortController().signal },
      { l1: { clock: 1 } },
      { l1: true },
      5,
    ]) {
      expect(() => cache.namespace('a', options as never)).toThrow(refused);
    }
  });
});

describe('bounds of a namespace', () => {
  it('let the longest unused leave first, and leave the others alone', async () => {
    const { cache } = memoryKind.open();
    const small = cache.namespace('small', { l1: { maxEntries: 2 } });
    const evicted: string[] = [];
    cache.on('evict', ({ key, namespace, cause }) => evicted.push(`${namespace}/${key} ${cause}`));
    await cache.set('x', 1);
    await small.set('a', 1);
    await small.set('b', 2);
    expect(await small.get('a')).toBe(1);
    await small.set('c', 3);
    expect([small.peek('a'), small.peek('b'), small.peek('c'), cache.peek('x')]).toEqual([
      1,
      undefined,
      3,
      1,
    ]);
    expect(evicted).toEqual(['small/b capacity']);
    expect(cache.stats().evictions).toBe(1);
  });

  it('count bytes', async () => {
    const { cache } = memoryKind.open();
    const small = cache.namespace('small', { l1: { maxBytes: '1kb' } });
    await small.set('a', 'x'.repeat(500));
    await small.set('b', 'x'.repeat(500));
    expect([small.peek('a'), typeof small.peek('b')]).toEqual([undefined, 'string']);
    await expect(small.set('c', 'x'.repeat(2000))).rejects.toMatchObject({
      code: CacheErrorCode.MEMORY_LIMIT_EXCEEDED,
    });
  });
});

describe('l1: false on a namespace', () => {
  it('keeps nothing of it in memory', async () => {
    const { cache } = twoTiers.open();
    const cold = cache.namespace('cold', { l1: false });
    await cold.set('a', 1);
    await cold.get('b', () => 2);
    expect([cold.peek('a'), cold.peek('b')]).toEqual([undefined, undefined]);
    expect(await cold.getEntry('a')).toMatchObject({ source: 'l2' });
    expect(await cold.namespace('inner').get('c', () => 3)).toBe(3);
    expect(cold.namespace('inner').peek('c')).toBeUndefined();
  });

  it('is refused where memory is all there is', () => {
    const cache = new CacheManager();
    expect(() => cache.namespace('cold', { l1: false })).toThrow(
      expect.objectContaining({ code: CacheErrorCode.INVALID_CONFIGURATION }),
    );
  });
});

describe('prefix beside an instance', () => {
  it('is a namespace of its own around everything, tags and clear included', async () => {
    const { memory, clock, cache: whole } = twoTiers.open();
    const store = memory!.attach();
    const one = new CacheManager({ store, clock, prefix: 'one:' });
    const two = new CacheManager({ store, clock, prefix: 'two:' });
    for (const cache of [whole, one, two]) await cache.set('k', 1, { tags: ['t'] });
    await one.invalidateTag('t');
    expect(await Promise.all([whole, one, two].map((cache) => cache.get('k')))).toEqual([1, null, 1]);
    await two.clear();
    expect(await Promise.all([whole, one, two].map((cache) => cache.get('k')))).toEqual([1, null, null]);
    await one.set('k', 2);
    await whole.clear();
    expect(await Promise.all([whole, one, two].map((cache) => cache.get('k')))).toEqual([null, null, null]);
  });
});
