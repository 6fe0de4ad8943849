import { CacheErrorCode, type CacheStore } from '@larder/cache-core';
import { describe, expect, it } from 'vitest';
import { memoryKind, plainKind, sharedKinds } from './cache-kinds.ts';
import { PlainStore } from './plain-store.ts';

describe.each(sharedKinds)('counting over $name', (kind) => {
  it('begins at 0 and answers the sum', async () => {
    const { cache } = kind.open();
    expect(await cache.increment('n')).toBe(1);
    expect(await cache.increment('n', 5)).toBe(6);
    expect(await cache.decrement('n', 2)).toBe(4);
    expect(await cache.decrement('n')).toBe(3);
    expect(await cache.increment('n', -10)).toBe(-7);
    expect(await cache.increment('n', 0)).toBe(-7);
    expect(await cache.get('n')).toBe(-7);
  });

  it('a counter keeps its end, one that is over begins anew', async () => {
    const { cache, clock } = kind.open();
    await cache.increment('n', 1, 10);
    await clock.advance(6000);
    await cache.increment('n', 1, 100);
    await cache.increment('n', 1, { ttl: '1h' });
    await clock.advance(3999);
    expect(await cache.get('n')).toBe(3);
    await clock.advance(1);
    expect(await cache.get('n')).toBeNull();
    expect(await cache.increment('n')).toBe(1);
  });

  it('goes on from what was set, and set goes on from it', async () => {
    const { cache, clock } = kind.open();
    await cache.set('n', 41, 10);
    expect(await cache.increment('n')).toBe(42);
    await clock.advance(9999);
    expect(await cache.get('n')).toBe(42);
    await cache.set('n', 7);
    expect(await cache.increment('n')).toBe(8);
  });

  it.each([['text'], [1.5], [null], [{ n: 1 }], [2 ** 53]])(
    'refuses to count %j, and leaves it',
    async (value) => {
      const { cache } = kind.open();
      await cache.set('n', value);
      await expect(cache.increment('n')).rejects.toMatchObject({ code: CacheErrorCode.INVALID_VALUE });
      expect(await cache.get('n')).toEqual(value);
    },
  );

  it.each([[1.5], [Number.NaN], [Infinity], ['5'], [1n], [{}], [null]])('refuses to add %s', async (by) => {
    const { cache } = kind.open();
    const refused = { code: CacheErrorCode.INVALID_CONFIGURATION };
    await expect(cache.increment('n', by as never)).rejects.toMatchObject(refused);
    await expect(cache.decrement('n', by as never)).rejects.toMatchObject(refused);
    await expect(cache.decrement('n', Symbol('x') as never)).rejects.toMatchObject(refused);
    expect(await cache.get('n')).toBeNull();
  });

  it('does not lose counts that come at once', async () => {
    const { cache, memory } = kind.open();
    const other =
      memory === undefined ? cache : kind.open({ store: memory.attach(), clock: undefined }).cache;
    await Promise.all(Array.from({ length: 100 }, (_, at) => (at % 2 === 0 ? cache : other).increment('n')));
    expect(await cache.get('n')).toBe(100);
    expect(await other.get('n')).toBe(100);
  });

  it('a clear ends a counter', async () => {
    const { cache } = kind.open();
    const inner = cache.namespace('ns');
    await inner.increment('n');
    await inner.clear();
    expect(await inner.increment('n')).toBe(1);
  });

  it('an invalidated tag ends a counter', async () => {
    const { cache } = kind.open();
    await cache.tags(['t']).increment('tagged');
    await cache.invalidateTag('t');
    expect(await cache.increment('tagged')).toBe(1);
  });
});

describe('counting beyond what is exact', () => {
  it('is refused in memory', async () => {
    const { cache } = memoryKind.open();
    await cache.set('n', Number.MAX_SAFE_INTEGER);
    await expect(cache.increment('n')).rejects.toMatchObject({ code: CacheErrorCode.INVALID_VALUE });
    expect(await cache.get('n')).toBe(Number.MAX_SAFE_INTEGER);
  });
});

describe('counting over a plain store', () => {
  it('is UNSUPPORTED without counters', async () => {
    const { cache } = plainKind.open();
    await expect(cache.increment('n')).rejects.toMatchObject({ code: CacheErrorCode.UNSUPPORTED });
  });

  it('uses its counters; what cannot be cleared with its namespace is not counted there', async () => {
    const { clock } = plainKind.open();
    const plain = new PlainStore(clock);
    const counters = {
      increment: async (key: string, by: number) => {
        const sum = ((await plain.get<number>(key)) ?? 0) + by;
        await plain.set(key, sum);
        return sum;
      },
    };
    const store: CacheStore = Object.assign(plain, { capabilities: { counters } });
    const { cache } = plainKind.open({ store, clock });
    expect(await cache.increment('n', 2)).toBe(2);
    expect(await cache.get('n')).toBe(2);
    await expect(cache.namespace('ns').increment('n')).rejects.toMatchObject({
      code: CacheErrorCode.UNSUPPORTED,
    });
  });
});
