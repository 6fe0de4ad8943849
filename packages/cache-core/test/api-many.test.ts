import { CacheErrorCode } from '@larder/cache-core';
import { describe, expect, it } from 'vitest';
import { cacheKinds, sharedKinds } from './cache-kinds.ts';
import { Held } from './held.ts';

describe.each(cacheKinds)('getMany over $name', (kind) => {
  it('answers in order, null where there is nothing, duplicates as often as asked for', async () => {
    const { cache } = kind.open();
    await cache.setMany([
      { key: 'a', value: 1 },
      { key: 'b', value: 2 },
    ]);
    expect(await cache.getMany(['b', 'x', 'a', 'b'])).toEqual([2, null, 1, 2]);
    expect(await cache.getMany([])).toEqual([]);
  });

  it('loads what is missing in one call, each key once, from a Map or an array', async () => {
    const { cache } = kind.open();
    await cache.set('a', 1);
    const calls: (readonly string[])[] = [];
    const asMap = (keys: readonly string[]) => {
      calls.push(keys);
      return new Map(keys.filter((key) => key !== 'none').map((key) => [key, `${key}!`]));
    };
    expect(await cache.getMany(['a', 'b', 'none', 'c', 'b'], asMap)).toEqual([1, 'b!', null, 'c!', 'b!']);
    expect(calls).toEqual([['b', 'none', 'c']]);
    expect(await cache.getMany(['b', 'c', 'none'])).toEqual(['b!', 'c!', null]);
    const asArray = async (keys: readonly string[]) => keys.map((key) => (key === 'e' ? undefined : key));
    expect(await cache.getMany(['d', 'e', 'f'], asArray)).toEqual(['d', null, 'f']);
    expect(await cache.getMany(['d', 'e', 'f'])).toEqual(['d', null, 'f']);
  });

  it('does not call the loader where nothing is missing', async () => {
    const { cache } = kind.open();
    await cache.set('a', 1);
    const loader = () => {
      throw new Error('called');
    };
    expect(await cache.getMany(['a'], loader)).toEqual([1]);
    expect(await cache.getMany([], loader)).toEqual([]);
  });

  it('joins loads under way, and is joined', async () => {
    const { cache } = kind.open();
    const single = new Held<string>();
    const batch = new Held();
    const alone = cache.get('a', () => single.promise);
    const asked: string[] = [];
    const many = cache.getMany(['a', 'b'], async (keys) => {
      asked.push(...keys);
      await batch.promise;
      return keys.map((key) => `batch ${key}`);
    });
    await new Promise((resolve) => setImmediate(resolve));
    const late = cache.get('b', () => 'own');
    await new Promise((resolve) => setImmediate(resolve));
    single.resolve('single a');
    batch.resolve();
    expect(await alone).toBe('single a');
    expect(await many).toEqual(['single a', 'batch b']);
    expect(await late).toBe('batch b');
    expect(asked).toEqual(['b']);
  });

  it('the loader says how each key is to be kept', async () => {
    const { cache, clock } = kind.open();
    // A tag that nobody has used yet, named only by the loader, may cost a second load (S8): this one is known.
    await cache.set('known', 1, { tags: ['t'] });
    await cache.getMany(
      ['a', 'b', 'c', 'd'],
      (keys, context) => {
        context.setOptions({ ttl: 10 });
        context.setOptions({ ttl: 1 }, 'a');
        context.tags(['t'], 'b');
        context.skip('c');
        context.skip('unknown');
        expect(context.signal.aborted).toBe(false);
        return keys.map((key) => key);
      },
      { ttl: 5 },
    );
    expect(await cache.getMany(['a', 'b', 'c', 'd'])).toEqual(['a', 'b', null, 'd']);
    await clock.advance(1000);
    await cache.invalidateTag('t');
    expect(await cache.getMany(['a', 'b', 'c', 'd'])).toEqual([null, null, null, 'd']);
    await clock.advance(8_999);
    expect(await cache.get('d')).toBe('d');
  });

  it.each([
    ['an array that is too short', () => [1]],
    ['an object', () => ({ a: 1 })],
    ['nothing', () => undefined],
  ])('refuses %s from the loader', async (_name, loader) => {
    const { cache } = kind.open();
    await expect(cache.getMany(['a', 'b'], loader as never)).rejects.toMatchObject({
      code: CacheErrorCode.INVALID_VALUE,
    });
    expect(await cache.get('a', () => 'ok')).toBe('ok');
  });

  it('an array of promises is refused: nobody would wait for them', async () => {
    const { cache } = kind.open();
    const forgotten = (keys: readonly string[]) => keys.map(async (key) => key);
    await expect(cache.getMany(['a', 'b'], forgotten)).rejects.toMatchObject({
      code: CacheErrorCode.INVALID_VALUE,
    });
    expect(await cache.get('a')).toBeNull();
  });

  it('rejects with the error of the loader, keeps nothing and tries again next time', async () => {
    const { cache } = kind.open();
    const failing = () => {
      throw new Error('source down');
    };
    await expect(cache.getMany(['a', 'b'], failing)).rejects.toThrow('source down');
    expect(await cache.getMany(['a', 'b'], (keys) => keys.map((key) => key))).toEqual(['a', 'b']);
    expect(cache.stats()).toMatchObject({ loadErrors: 1, inFlight: 0 });
  });

  it('a batch that fails for many keys does not block the event loop', async () => {
    const { cache } = kind.open({ maxInFlight: 100_000 });
    // Looking at each key once for each key would be 10^10 steps: the time-out of the test is the assertion.
    const keys = Array.from({ length: 100_000 }, (_, index) => `k${index}`);
    await expect(cache.getMany(keys, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  }, 15_000);

  it('takes a hundred thousand keys', async () => {
    const { cache } = kind.open();
    const keys = Array.from({ length: 100_000 }, (_, index) => `k${index}`);
    const loaded = await cache.getMany(keys, (missing) => missing.map((key) => key));
    expect(loaded).toEqual(keys);
    expect(cache.stats().inFlight).toBe(0);
  }, 60_000);

  it('works with a schema, and counts each key once', async () => {
    const { cache } = kind.open();
    const schema = numbers();
    await cache.setMany([
      { key: 'a', value: 1 },
      { key: 'b', value: 'no number' },
    ]);
    const before = cache.stats();
    expect(await cache.getMany(['a', 'b', 'c'], () => [2, 3], { schema })).toEqual([1, 2, 3]);
    const after = cache.stats();
    expect([after.hits - before.hits, after.misses - before.misses]).toEqual([1, 2]);
    expect(after.invalidValues).toBe(1);
  });
});

describe.each(sharedKinds)('getMany and stale values over $name', (kind) => {
  it('serves what is stale at once and loads it in the background', async () => {
    const { cache, clock } = kind.open({ ttl: 1, grace: 10 });
    await cache.setMany([
      { key: 'a', value: 'old a' },
      { key: 'b', value: 'old b' },
    ]);
    await clock.advance(1500);
    const asked: string[] = [];
    const loader = (keys: readonly string[]) => {
      asked.push(...keys);
      return keys.map((key) => `new ${key}`);
    };
    expect(await cache.getMany(['a', 'b', 'c'], loader)).toEqual(['old a', 'old b', 'new c']);
    await cache.flush();
    expect(asked).toEqual(['a', 'b', 'c']);
    expect(await cache.getMany(['a', 'b', 'c'])).toEqual(['new a', 'new b', 'new c']);
    expect(cache.stats().staleHits).toBe(2);
  });

  it('serves what is stale where the loader fails', async () => {
    const { cache, clock } = kind.open({ ttl: 1, grace: 10, softTimeout: Infinity });
    await cache.set('a', 'old');
    await clock.advance(1500);
    expect(await cache.getMany(['a'], () => Promise.reject(new Error('down')))).toEqual(['old']);
  });
});

function numbers() {
  const validate = (value: unknown) =>
    typeof value === 'number' ? { value } : { issues: [{ message: 'not a number' }] };
  return { '~standard': { version: 1 as const, vendor: 'test', validate } };
}
