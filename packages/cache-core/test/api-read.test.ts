import { CacheErrorCode } from '@larder/cache-core';
import { describe, expect, it } from 'vitest';
import { cacheKinds, sharedKinds, twoTiers } from './cache-kinds.ts';

const falsy: readonly (readonly [string, unknown])[] = [
  ['0', 0],
  ["''", ''],
  ['false', false],
  ['NaN', Number.NaN],
  ['null', null],
];

describe.each(cacheKinds)('reading over $name', (kind) => {
  it('get answers what was set, and null for what was not', async () => {
    const { cache } = kind.open();
    await cache.set('a', { x: 1 });
    expect(await cache.get('a')).toEqual({ x: 1 });
    expect(await cache.get('b')).toBeNull();
  });

  it('get with a loader loads once and answers from the cache afterwards', async () => {
    const { cache } = kind.open();
    let loads = 0;
    const loader = () => ++loads;
    expect(await cache.get('a', loader)).toBe(1);
    expect(await cache.get('a', loader)).toBe(1);
    expect(await cache.get('a')).toBe(1);
    expect(loads).toBe(1);
  });

  it('get takes its options second or third', async () => {
    const { cache, clock } = kind.open();
    expect(await cache.get('a', async () => 'x', { ttl: 10 })).toBe('x');
    expect(await cache.get('a', { refresh: false })).toBe('x');
    expect(await cache.get('a', undefined, {})).toBe('x');
    await clock.advance(10_000);
    expect(await cache.get('a', {})).toBeNull();
  });

  it.each(falsy)('a cached %s is a hit from every tier', async (_name, value) => {
    const { cache } = kind.open();
    let loads = 0;
    const loader = () => {
      loads += 1;
      return value;
    };
    expect(await cache.get('a', loader)).toBe(value);
    expect(await cache.get('a', loader)).toBe(value);
    if (kind.l1) expect(cache.peek('a')).toBe(value);
    expect((await cache.getMany(['a']))[0]).toBe(value);
    const entry = await cache.getEntry('a');
    // A store of seven methods answers null for nothing: there a cached null is a miss.
    if (value === null && kind.name === 'a plain store') return;
    expect(loads).toBe(1);
    expect(entry?.value).toBe(value);
    expect(await cache.has('a')).toBe(true);
    await cache.set('b', value);
    expect((await cache.getEntry('b'))?.value).toBe(value);
  });

  it('undefined from a loader means that there is nothing: null, and nothing is kept (S13)', async () => {
    const { cache, memory } = kind.open();
    let loads = 0;
    const loader = () => {
      loads += 1;
      return undefined;
    };
    expect(await cache.get('a', loader)).toBeNull();
    expect(await cache.get('a', loader)).toBeNull();
    expect(await cache.getEntry('a', loader)).toBeNull();
    expect(await cache.getMany(['a'], () => [undefined])).toEqual([null]);
    expect(loads).toBe(3);
    await cache.flush();
    expect(memory?.leases.size ?? 0).toBe(0);
  });

  it('has is true for what is fresh alone, and counts nothing', async () => {
    const { cache, clock } = kind.open();
    await cache.set('a', null, { ttl: 1, grace: 10 });
    const before = cache.stats();
    if (kind.name !== 'a plain store') expect(await cache.has('a')).toBe(true);
    expect(await cache.has('b')).toBe(false);
    await clock.advance(1000);
    expect(await cache.has('a')).toBe(false);
    const after = cache.stats();
    expect([after.hits, after.misses]).toEqual([before.hits, before.misses]);
  });

  it('has does not take back what others count meanwhile', async () => {
    const { cache } = kind.open({ l1: kind.l2 ? false : undefined });
    await cache.set('a', 1);
    await Promise.all([cache.has('a'), cache.get('a'), cache.has('b'), cache.get('b')]);
    const { hits, misses } = cache.stats();
    expect([hits, misses]).toEqual([1, 1]);
  });

  it('peek answers from memory at once, and undefined where memory has nothing', async () => {
    const { cache } = kind.open();
    await cache.set('a', 1);
    expect(cache.peek('a')).toBe(kind.l1 ? 1 : undefined);
    expect(cache.peek('b')).toBeUndefined();
    const { hits, misses } = cache.stats();
    expect([hits, misses]).toEqual(kind.l1 ? [1, 1] : [0, 2]);
  });

  it('peek throws for a key that cannot be one', () => {
    const { cache } = kind.open();
    expect(() => cache.peek('')).toThrow(expect.objectContaining({ code: CacheErrorCode.INVALID_KEY }));
  });

  it('getEntry tells where a value came from, for how long it is good, and its tags', async () => {
    const { cache } = kind.open();
    const loaded = await cache.getEntry('a', () => 1, {
      ttl: 10,
      grace: kind.grace ? 5 : 0,
      tags: ['t', 'u'],
    });
    expect(loaded).toEqual({
      value: 1,
      stale: false,
      source: 'loader',
      freshMs: 10_000,
      keptMs: kind.grace ? 15_000 : 10_000,
      tags: ['t', 'u'],
    });
    const kept = await cache.getEntry('a');
    expect(kept).toMatchObject({ value: 1, stale: false, source: kind.l1 ? 'l1' : 'l2', tags: ['t', 'u'] });
    if (kind.name !== 'a plain store') expect(kept).toMatchObject({ freshMs: 10_000, keptMs: 15_000 });
    expect(await cache.getEntry('b')).toBeNull();
  });

  it('getEntry after a load that is not to be kept is not called stale', async () => {
    const { cache } = kind.open();
    expect(await cache.getEntry('a', () => 1, { ttl: 0 })).toMatchObject({
      value: 1,
      stale: false,
      source: 'loader',
    });
    expect(await cache.get('a')).toBeNull();
  });

  it('an entry is fresh until its ttl and not at it', async () => {
    const { cache, clock } = kind.open({ ttl: 10 });
    await cache.get('a', () => 1);
    await clock.advance(9_999);
    expect(await cache.get('a')).toBe(1);
    await clock.advance(1);
    expect(await cache.get('a')).toBeNull();
    expect(await cache.getEntry('a')).toBeNull();
  });

  it('refresh loads although the value is fresh, and replaces it', async () => {
    const { cache } = kind.open();
    await cache.set('a', 'old');
    expect(await cache.get('a', () => 'new', { refresh: true })).toBe('new');
    expect(await cache.get('a')).toBe('new');
  });
});

describe.each(sharedKinds)('stale values over $name', (kind) => {
  it('get hides a stale value, getEntry shows it', async () => {
    const { cache, clock } = kind.open({ ttl: 10, grace: 5 });
    await cache.set('a', 1);
    await clock.advance(12_000);
    expect(await cache.get('a')).toBeNull();
    expect(await cache.has('a')).toBe(false);
    expect(cache.peek('a')).toBeUndefined();
    expect(await cache.getMany(['a'])).toEqual([null]);
    expect(await cache.getEntry('a')).toMatchObject({ value: 1, stale: true, freshMs: 0, keptMs: 3000 });
    await clock.advance(3000);
    expect(await cache.getEntry('a')).toBeNull();
  });
});

describe('two tiers', () => {
  it('what one process stored another finds in the store, then in its own memory', async () => {
    const { cache, memory, clock } = twoTiers.open();
    const other = new (await import('@larder/cache-core')).CacheManager({ store: memory!.attach(), clock });
    await cache.set('a', 1, { ttl: 10, tags: ['t'] });
    expect(await other.getEntry('a')).toMatchObject({ value: 1, source: 'l2', freshMs: 10_000, tags: ['t'] });
    expect(await other.getEntry('a')).toMatchObject({ value: 1, source: 'l1', freshMs: 10_000, tags: ['t'] });
  });
});
