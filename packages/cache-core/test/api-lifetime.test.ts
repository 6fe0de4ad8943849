import { CacheErrorCode, LocalBus } from '@larder/cache-core';
import { describe, expect, it } from 'vitest';
import { cacheKinds, memoryKind, plainKind, sharedKinds, twoTiers } from './cache-kinds.ts';

describe.each(sharedKinds)('times over $name', (kind) => {
  it('expire makes stale at once and keeps for the grace', async () => {
    const { cache, clock } = kind.open();
    await cache.set('a', 1, { ttl: 100, grace: 5 });
    expect(await cache.expire('a')).toBe(true);
    expect(await cache.get('a')).toBeNull();
    expect(await cache.getEntry('a')).toMatchObject({ value: 1, stale: true, keptMs: 5000 });
    await clock.advance(5000);
    expect(await cache.getEntry('a')).toBeNull();
  });

  it('expire without grace removes, and is false where there was nothing', async () => {
    const { cache } = kind.open();
    await cache.set('a', 1, 100);
    expect(await cache.expire('a')).toBe(true);
    expect(await cache.getEntry('a')).toBeNull();
    expect(await cache.expire('a')).toBe(false);
    expect(await cache.expire('never')).toBe(false);
  });

  it.each([
    ['shorter', 100, 5],
    ['longer', 5, 100],
    ['without end before', Infinity, 5],
  ])('expire with a time to live sets that from now: %s', async (_name, before, after) => {
    const { cache, clock } = kind.open();
    await cache.set('a', 1, before);
    await clock.advance(1000);
    expect(await cache.expire('a', after)).toBe(true);
    await clock.advance(after * 1000 - 1);
    expect(await cache.get('a')).toBe(1);
    await clock.advance(1);
    expect(await cache.get('a')).toBeNull();
    expect(await cache.expire('a', 5)).toBe(false);
  });

  it('expire with a time to live revives what is stale, and keeps grace and tags', async () => {
    const { cache, clock } = kind.open();
    await cache.set('a', 1, { ttl: 1, grace: 60, tags: ['t'] });
    await clock.advance(2000);
    expect(await cache.expire('a', 10)).toBe(true);
    expect(await cache.getEntry('a')).toMatchObject({
      value: 1,
      stale: false,
      freshMs: 10_000,
      keptMs: 70_000,
      tags: ['t'],
    });
    await cache.invalidateTag('t');
    expect(await cache.expire('a', 10)).toBe(false);
    expect(await cache.get('a')).toBeNull();
  });

  it('expire with Infinity takes the end away, with 0 is as without', async () => {
    const { cache, clock } = kind.open();
    await cache.set('a', 1, 1);
    expect(await cache.expire('a', Infinity)).toBe(true);
    await clock.advance(86_400_000);
    expect(await cache.get('a')).toBe(1);
    expect(await cache.expire('a', 0)).toBe(true);
    expect(await cache.get('a')).toBeNull();
  });

  it('touch restarts the time that the entry was given', async () => {
    const { cache, clock } = kind.open();
    const inner = cache.namespace('n');
    for (const view of [cache, inner]) {
      await view.set('a', 1, 10);
      await clock.advance(9000);
      expect(await view.touch('a')).toBe(true);
      await clock.advance(9999);
      expect(await view.get('a')).toBe(1);
      await clock.advance(1);
      expect(await view.get('a')).toBeNull();
      expect(await view.touch('a')).toBe(false);
    }
  });

  it('touch after expire with a time restarts that time', async () => {
    const { cache, clock } = kind.open();
    await cache.set('a', 1, 10);
    await cache.expire('a', 20);
    await clock.advance(15_000);
    await cache.touch('a');
    expect((await cache.getEntry('a'))?.freshMs).toBe(kind.l2 ? 10_000 : 20_000);
  });

  it('expire and touch tell what they have done as events', async () => {
    const { cache } = kind.open();
    const keys: string[] = [];
    cache.on('delete', ({ key }) => keys.push(key));
    await cache.set('a', 1, 10);
    await cache.touch('a');
    await cache.expire('a', 5);
    expect(keys).toEqual([]);
    await cache.expire('a');
    expect(keys).toEqual(['a']);
  });
});

describe.each(cacheKinds)('the time to live over $name', (kind) => {
  it('jitter shortens it by a random share and never lengthens', async () => {
    const { cache, clock } = kind.open();
    clock.setRandom(() => 0.5);
    await cache.set('a', 1, { ttl: 100, jitter: 0.2 });
    await cache.get('b', () => 1, { ttl: 100, jitter: 0.2 });
    clock.setRandom(() => 0);
    await cache.set('c', 1, { ttl: 100, jitter: 1 });
    await clock.advance(89_999);
    expect(await cache.getMany(['a', 'b', 'c'])).toEqual([1, 1, 1]);
    await clock.advance(1);
    expect(await cache.getMany(['a', 'b', 'c'])).toEqual([null, null, 1]);
    await clock.advance(10_000);
    expect(await cache.get('c')).toBeNull();
  });

  it.each([2 ** 31 / 1000, 2 ** 31, 3 * 365 * 86_400])('may be %d seconds', async (ttl) => {
    // Without the sweeper, whose timer would fire millions of times.
    const { cache, clock } = kind.open(kind.l1 ? { l1: { sweepInterval: Infinity } } : {});
    await cache.set('a', 1, ttl);
    await clock.advance(ttl * 1000 - 1);
    expect(await cache.get('a')).toBe(1);
    await clock.advance(1);
    expect(await cache.get('a')).toBeNull();
  });

  it('the wall clock has nothing to do with it (P8)', async () => {
    const { cache, clock } = kind.open();
    await cache.set('a', 1, 10);
    clock.stepWall(3_600_000);
    expect(await cache.get('a')).toBe(1);
    clock.stepWall(-86_400_000);
    await clock.advance(9_999);
    expect(await cache.get('a')).toBe(1);
    await clock.advance(1);
    expect(await cache.get('a')).toBeNull();
  });
});

describe('l1Ttl', () => {
  it('shortens the life in memory alone', async () => {
    const { cache, clock, memory } = twoTiers.open();
    await cache.set('a', 1, { ttl: 100, l1Ttl: 5 });
    await cache.get('b', () => 1, { ttl: 100, l1Ttl: 5 });
    expect([cache.peek('a'), cache.peek('b')]).toEqual([1, 1]);
    await clock.advance(5000);
    expect([cache.peek('a'), cache.peek('b')]).toEqual([undefined, undefined]);
    memory!.log.length = 0;
    expect(await cache.get('a')).toBe(1);
    expect(memory!.log).toEqual(['read']);
    expect((await cache.getEntry('b'))?.freshMs).toBe(95_000);
  });

  it('in memory alone there is no shorter life than the ttl, for what is set and for what is loaded', async () => {
    const { cache, clock } = memoryKind.open();
    await cache.set('a', 1, { ttl: 100, l1Ttl: 5 });
    await cache.get('b', () => 1, { ttl: 100, l1Ttl: 5 });
    await clock.advance(5000);
    expect([cache.peek('a'), cache.peek('b')]).toEqual([1, 1]);
  });
});

describe('a plain store', () => {
  it('cannot change times: UNSUPPORTED', async () => {
    const { cache } = plainKind.open();
    await cache.set('a', 1, 10);
    const refused = { code: CacheErrorCode.UNSUPPORTED };
    await expect(cache.touch('a')).rejects.toMatchObject(refused);
    await expect(cache.expire('a', 5)).rejects.toMatchObject(refused);
    expect(await cache.get('a')).toBe(1);
    expect(await cache.expire('a')).toBe(true);
    expect(await cache.get('a')).toBeNull();
  });

  it('an entry does not live longer in memory than in the store', async () => {
    const { cache, clock } = plainKind.open({ l1: true, bus: new LocalBus() });
    await cache.set('a', 1, 10);
    await clock.advance(5000);
    expect(await cache.get('a')).toBe(1);
    await cache.delete('a', { announce: false });
    // Found in the store again, which does not say for how long it is good.
    expect(await cache.get('a')).toBe(1);
    await clock.advance(6001);
    expect(await cache.get('a')).toBeNull();
  });
});
