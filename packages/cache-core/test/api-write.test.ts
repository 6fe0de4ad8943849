import { CacheErrorCode, CacheManager } from '@larder/cache-core';
import { describe, expect, it } from 'vitest';
import { cacheKinds, sharedKinds } from './cache-kinds.ts';

const code = (expected: CacheErrorCode) => expect.objectContaining({ code: expected });

describe.each(cacheKinds)('writing over $name', (kind) => {
  it.each([
    ['a number of seconds', 2],
    ['a fraction of a second', 1.9999],
    ['a string with a unit', '2s'],
    ['options', { ttl: '2000ms' }],
  ])('set takes %s as time to live', async (_name, ttl) => {
    const { cache, clock } = kind.open();
    await cache.set('a', 1, ttl);
    await clock.advance(1999);
    expect(await cache.get('a')).toBe(1);
    await clock.advance(1);
    expect(await cache.get('a')).toBeNull();
  });

  it('set without a time to live keeps, Infinity too, whatever the default is', async () => {
    const { cache, clock } = kind.open();
    const short = kind.open({ ttl: 1 });
    await cache.set('a', 1);
    await short.cache.set('a', 1, Infinity);
    await short.cache.set('b', 1);
    for (const one of [clock, short.clock]) await one.advance(86_400_000);
    expect(await cache.get('a')).toBe(1);
    expect(await short.cache.get('a')).toBe(1);
    expect(await short.cache.get('b')).toBeNull();
  });

  it('set with a time to live of 0 deletes', async () => {
    const { cache } = kind.open();
    await cache.set('a', 1);
    await cache.set('a', 2, 0);
    expect(await cache.get('a')).toBeNull();
    await cache.set('b', 2, { ttl: '0s' });
    expect(await cache.get('b')).toBeNull();
  });

  it('set replaces value, times and tags', async () => {
    const { cache, clock } = kind.open();
    await cache.set('a', 1, { ttl: 1, tags: ['t'] });
    await cache.set('a', 2);
    await cache.invalidateTag('t');
    await clock.advance(1000);
    expect(await cache.get('a')).toBe(2);
  });

  it.each([
    ['undefined', undefined],
    ['a promise', Promise.resolve(1)],
    // biome-ignore lint/suspicious/noThenProperty: thenables are what is tested
    ['a thenable', { then: () => undefined }],
    ['a function', () => 1],
    ['a symbol', Symbol('x')],
  ])('set refuses %s and keeps what was there', async (_name, value) => {
    const { cache } = kind.open();
    await cache.set('a', 1);
    await expect(cache.set('a', value)).rejects.toEqual(code(CacheErrorCode.INVALID_VALUE));
    expect(await cache.get('a')).toBe(1);
  });

  it('delete removes, and resolves where there was nothing', async () => {
    const { cache } = kind.open();
    await cache.set('a', 1);
    await cache.delete('a');
    await cache.delete('never');
    expect(await cache.get('a')).toBeNull();
    expect(await cache.getEntry('a')).toBeNull();
  });

  it('clear removes everything, namespaces included', async () => {
    const { cache } = kind.open();
    const inner = cache.namespace('n').namespace('m');
    await Promise.all([cache.set('a', 1), inner.set('a', 2), cache.set('b', 3, { tags: ['t'] })]);
    await cache.clear();
    expect([await cache.get('a'), await inner.get('a'), await cache.get('b')]).toEqual([null, null, null]);
    await inner.set('a', 4);
    expect(await inner.get('a')).toBe(4);
  });

  it('setMany stores all, each with options of its own', async () => {
    const { cache, clock } = kind.open();
    await cache.setMany([
      { key: 'a', value: 1, ttl: 1 },
      { key: 'b', value: 2, tags: ['t'] },
      { key: 'c', value: 3 },
    ]);
    expect(await cache.getMany(['a', 'b', 'c'])).toEqual([1, 2, 3]);
    await clock.advance(1000);
    await cache.invalidateTag('t');
    expect(await cache.getMany(['a', 'b', 'c'])).toEqual([null, null, 3]);
    await cache.setMany([]);
  });

  it('setMany checks every item before anything is sent', async () => {
    const { cache } = kind.open();
    const bad = [
      [{ key: '', value: 1 }, CacheErrorCode.INVALID_KEY],
      [{ key: 'b', value: undefined }, CacheErrorCode.INVALID_VALUE],
      [{ key: 'b', value: 1, ttl: -1 }, CacheErrorCode.INVALID_CONFIGURATION],
      [{ key: 'b', value: 1, tll: 1 }, CacheErrorCode.INVALID_CONFIGURATION],
      [null, CacheErrorCode.INVALID_CONFIGURATION],
      [7, CacheErrorCode.INVALID_CONFIGURATION],
    ] as const;
    for (const [item, expected] of bad) {
      await expect(cache.setMany([{ key: 'a', value: 1 }, item as never])).rejects.toEqual(code(expected));
    }
    // biome-ignore lint/suspicious/noSparseArray: a hole is what is tested
    await expect(cache.setMany([{ key: 'a', value: 1 }, , { key: 'b', value: 2 }] as never)).rejects.toEqual(
      code(CacheErrorCode.INVALID_CONFIGURATION),
    );
    expect(await cache.get('a')).toBeNull();
  });

  it('in setMany the last item of a key wins', async () => {
    const { cache } = kind.open();
    await cache.setMany([
      { key: 'a', value: 1 },
      { key: 'a', value: 2 },
    ]);
    expect(await cache.get('a')).toBe(2);
    await cache.setMany([
      { key: 'a', value: 3 },
      { key: 'a', value: 4, ttl: 0 },
    ]);
    expect(await cache.get('a')).toBeNull();
  });

  it('deleteMany removes all, and bears duplicates and nothing at all', async () => {
    const { cache } = kind.open();
    await cache.setMany(['a', 'b', 'c'].map((key) => ({ key, value: key })));
    await cache.deleteMany(['a', 'b', 'a', 'never']);
    await cache.deleteMany([]);
    expect(await cache.getMany(['a', 'b', 'c'])).toEqual([null, null, 'c']);
  });
});

describe('bulk calls where the store fails', () => {
  const shared = sharedKinds.filter((kind) => kind.l2);

  it.each(shared)('setMany rejects with the indexes over $name', async (kind) => {
    const { cache, store } = kind.open();
    store!.before = () => {
      throw new Error('refused');
    };
    const items = [
      { key: 'a', value: 1 },
      { key: 'b', value: 2 },
    ];
    await expect(cache.setMany(items)).rejects.toMatchObject({
      code: CacheErrorCode.BULK_FAILED,
      retryable: true,
      details: { failed: [0, 1] },
    });
    await expect(cache.deleteMany(['a', 'b', 'b'])).rejects.toMatchObject({
      code: CacheErrorCode.BULK_FAILED,
      details: { failed: [0, 1, 2] },
    });
  });

  it('setMany names what was too large for memory, and stores the rest', async () => {
    const cache = new CacheManager({ l1: { maxBytes: 1000 } });
    const items = [
      { key: 'a', value: 'x' },
      { key: 'b', value: 'x'.repeat(2000) },
      { key: 'c', value: 'y' },
    ];
    await expect(cache.setMany(items)).rejects.toMatchObject({
      code: CacheErrorCode.BULK_FAILED,
      details: { failed: [1] },
      cause: { code: CacheErrorCode.MEMORY_LIMIT_EXCEEDED },
    });
    expect(await cache.getMany(['a', 'b', 'c'])).toEqual(['x', null, 'y']);
  });
});

describe('versions', () => {
  it.each(sharedKinds)('a higher one is never replaced over $name', async (kind) => {
    const { cache } = kind.open();
    await cache.set('a', 'two', { version: 2 });
    await cache.set('a', 'one', { version: 1 });
    expect(await cache.get('a')).toBe('two');
    await cache.set('a', 'again', { version: 2 });
    expect(await cache.get('a')).toBe('again');
    await cache.set('a', 'three', { version: 3 });
    expect(await cache.get('a')).toBe('three');
    await cache.set('a', 'plain');
    expect(await cache.get('a')).toBe('plain');
  });

  it('are refused by a store that has none, not ignored', async () => {
    const { cache } = cacheKinds.find((kind) => kind.name === 'a plain store')!.open();
    await expect(cache.set('a', 1, { version: 1 })).rejects.toEqual(code(CacheErrorCode.UNSUPPORTED));
  });
});
