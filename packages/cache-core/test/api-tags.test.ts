import { CacheErrorCode } from '@larder/cache-core';
import { describe, expect, it } from 'vitest';
import { cacheKinds } from './cache-kinds.ts';

describe.each(cacheKinds)('tags over $name', (kind) => {
  it('an invalidated tag takes all its entries, and only those', async () => {
    const { cache } = kind.open();
    await cache.set('a', 1, { tags: ['x', 'y'] });
    await cache.set('b', 2, { tags: ['y'] });
    await cache.set('c', 3, { tags: ['z'] });
    await cache.set('d', 4);
    await cache.invalidateTag('x');
    expect(await cache.getMany(['a', 'b', 'c', 'd'])).toEqual([null, 2, 3, 4]);
    await cache.invalidateTags(['y', 'z', 'unknown', 'y']);
    expect(await cache.getMany(['a', 'b', 'c', 'd'])).toEqual([null, null, null, 4]);
    await cache.invalidateTags([]);
  });

  it('an invalidated entry is absent, not stale', async () => {
    const { cache } = kind.open({ ttl: 10, grace: 100 });
    await cache.set('a', 1, { tags: ['x'] });
    await cache.invalidateTag('x');
    expect(await cache.getEntry('a')).toBeNull();
    expect(await cache.get('a', () => 2)).toBe(2);
  });

  it('a set right after an invalidation is kept', async () => {
    const { cache } = kind.open();
    for (let round = 0; round < 20; round++) {
      await cache.invalidateTag('x');
      await cache.set('a', round, { tags: ['x'] });
      expect(await cache.get('a')).toBe(round);
    }
  });

  it('a tagged cache sees the same keys and adds its tags to what it writes', async () => {
    const { cache } = kind.open();
    const tagged = cache.tags(['users', 'active']);
    await cache.set('plain', 0);
    await tagged.set('a', 1);
    await tagged.set('b', 2, { tags: ['extra'] });
    await tagged.setMany([{ key: 'c', value: 3 }]);
    await tagged.get('d', () => 4);
    await tagged.getMany(['e'], () => [5]);
    expect(await tagged.get('plain')).toBe(0);
    expect(await cache.getMany(['a', 'b', 'c', 'd', 'e'])).toEqual([1, 2, 3, 4, 5]);
    expect((await cache.getEntry('b'))?.tags).toEqual(['users', 'active', 'extra']);
    await tagged.invalidateTag('users');
    expect(await cache.getMany(['plain', 'a', 'b', 'c', 'd', 'e'])).toEqual([
      0,
      null,
      null,
      null,
      null,
      null,
    ]);
  });

  it('clear of a tagged cache invalidates its tags; tags add up', async () => {
    const { cache } = kind.open();
    const both = cache.tags(['a']).tags(['b']);
    await both.set('k', 1);
    await cache.set('other', 2);
    await cache.tags(['a']).clear();
    expect([await cache.get('k'), await cache.get('other')]).toEqual([null, 2]);
    await both.set('k', 1);
    await both.clear();
    expect(await cache.get('k')).toBeNull();
    await cache.tags([]).clear();
    expect(await cache.get('other')).toBe(2);
  });

  it('a tag, a key and a namespace of one name are three things', async () => {
    const { cache } = kind.open();
    await cache.set('x', 1);
    await cache.namespace('x').set('x', 2, { tags: ['y'] });
    await cache.set('y', 3, { tags: ['x'] });
    await cache.invalidateTag('x');
    expect([await cache.get('x'), await cache.namespace('x').get('x'), await cache.get('y')]).toEqual([
      1,
      2,
      null,
    ]);
    await cache.namespace('x').clear();
    expect([await cache.get('x'), await cache.namespace('x').get('x')]).toEqual([1, null]);
  });

  it.each([['text'], [[5]], [['']], [['\ud800']], [null], [{ length: 1 }]])(
    'refuses the tags %j',
    async (tags) => {
      const { cache } = kind.open();
      const refused = expect.objectContaining({ code: CacheErrorCode.INVALID_CONFIGURATION });
      expect(() => cache.tags(tags as never)).toThrow(refused);
      await expect(cache.set('a', 1, { tags: tags as never })).rejects.toEqual(refused);
      await expect(cache.invalidateTags(tags as never)).rejects.toEqual(refused);
      expect(await cache.get('a')).toBeNull();
    },
  );

  it('ten thousand tags fit on an entry, duplicates count once, more are refused', async () => {
    const { cache } = kind.open();
    const many = Array.from({ length: 10_000 }, (_, at) => `t${at}`);
    await cache.set('a', 1, { tags: many });
    expect((await cache.getEntry('a'))?.tags).toHaveLength(10_000);
    await cache.invalidateTag('t9999');
    expect(await cache.get('a')).toBeNull();
    await expect(cache.set('a', 1, { tags: [...many, 'one more'] })).rejects.toMatchObject({
      code: CacheErrorCode.INVALID_CONFIGURATION,
    });
    await cache.set('b', 1, { tags: ['x', 'x', 'x'] });
    expect((await cache.getEntry('b'))?.tags).toEqual(['x']);
  });

  it('an invalidation that is not announced is forgotten here alone', async () => {
    const { cache } = kind.open();
    await cache.set('a', 1, { tags: ['t'] });
    await cache.invalidateTag('t', { announce: false });
    await cache.delete('a', { announce: false });
    await cache.clear({ announce: false });
    expect(cache.peek('a')).toBeUndefined();
    expect(await cache.get('a')).toBe(kind.l2 ? 1 : null);
  });
});
