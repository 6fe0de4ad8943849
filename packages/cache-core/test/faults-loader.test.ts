import { CacheErrorCode } from '@larder/cache-core';
import { describe, expect, it } from 'vitest';
import { cacheKinds } from './cache-kinds.ts';
import { Held, never, watch } from './held.ts';
import { forbidUnhandledRejections } from './unhandled-rejections.ts';

forbidUnhandledRejections();

const recursion = { code: CacheErrorCode.INVALID_CONFIGURATION };

describe.each(cacheKinds)('F22 a loader that never settles, over $name', (kind) => {
  it('rejects its callers at hardTimeout, and a thousand of them leave nothing behind', async () => {
    const { cache, clock, memory } = kind.open({ hardTimeout: '100ms' });
    const reads = Array.from({ length: 1000 }, (_, at) => watch(cache.get(`k${at}`, () => never<number>())));
    await clock.advance(100);
    expect(reads.every(({ state }) => state === 'rejected')).toBe(true);
    await cache.flush();
    expect(cache.stats()).toMatchObject({ inFlight: 0, loadErrors: 1000 });
    expect(memory?.leases.size ?? 0).toBe(0);
    if (!kind.l1) return;
    await cache.close();
    expect(clock.pendingTimers).toBe(0);
  });

  it('without hardTimeout callers after stallTimeout load anew, and a delete helps at once', async () => {
    const { cache, clock } = kind.open();
    const hanging = watch(cache.get('a', () => never<number>()));
    await clock.advance(10_000);
    expect(hanging.state).toBe('pending');
    expect(await cache.get('a', () => 2)).toBe(2);
    const again = watch(cache.get('b', () => never<number>()));
    await clock.advance(0);
    await cache.delete('b');
    expect(await cache.get('b', () => 3)).toBe(3);
    expect(again.state).toBe('pending');
  });
});

describe.each(cacheKinds)('loaders that call the cache, over $name', (kind) => {
  it('for their own key: a typed error, not a hang', async () => {
    const { cache } = kind.open();
    await expect(cache.get('a', () => cache.get('a', () => 1))).rejects.toMatchObject(recursion);
    const inner = cache.namespace('n');
    await expect(inner.get('a', () => inner.getEntry('a', () => 1))).rejects.toMatchObject(recursion);
    expect(await cache.get('a', () => 2)).toBe(2);
  });

  it('for their own key in another place: no recursion', async () => {
    const { cache } = kind.open();
    expect(await cache.get('a', () => cache.namespace('n').get('a', () => 1))).toBe(1);
  });

  it('a batch for one of its own keys: a typed error, not a hang', async () => {
    const { cache } = kind.open();
    const seen = watch(cache.getMany(['a', 'b'], async () => [await cache.get('b', () => 1), 2]));
    await new Promise((resolve) => setTimeout(resolve, 0));
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toMatchObject({ state: 'rejected', error: recursion });
  });

  it('to get, set and delete other keys', async () => {
    const { cache } = kind.open();
    const value = await cache.get('a', async () => {
      await cache.set('b', 'set');
      await cache.delete('c');
      return `${await cache.get('b')} ${await cache.get('d', () => 'loaded')}`;
    });
    expect(value).toBe('set loaded');
    expect(await cache.getMany(['a', 'b', 'd'])).toEqual(['set loaded', 'set', 'loaded']);
  });

  it('to read what is cached under their own key, without a loader', async () => {
    const { cache } = kind.open();
    const seen = watch(cache.get('a', async () => ((await cache.get<number>('a')) ?? 0) + 1));
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toMatchObject({ state: 'resolved', value: 1 });
  });

  it('to delete their own key: the value is answered and not kept', async () => {
    const { cache } = kind.open();
    const loader = async () => {
      await cache.delete('a');
      return 1;
    };
    expect(await cache.get('a', loader)).toBe(1);
    await cache.flush();
    expect(await cache.get('a')).toBeNull();
  });

  it('to set their own key: what was set stays', async () => {
    const { cache } = kind.open();
    const loader = async () => {
      await cache.set('a', 'set');
      return 'loaded';
    };
    expect(await cache.get('a', loader)).toBe('loaded');
    await cache.flush();
    expect(await cache.get('a')).toBe('set');
  });

  it('one that ends after the cache has closed harms nobody', async () => {
    const { cache, clock, memory } = kind.open();
    const sources = [new Held<number>(), new Held<number>()];
    const reads = sources.map((source, at) => watch(cache.get(`k${at}`, () => source.promise)));
    await clock.advance(0);
    const closing = watch(cache.close({ deadline: 0 }));
    await clock.advance(0);
    expect(closing.state).toBe('resolved');
    sources[0]!.resolve(1);
    sources[1]!.reject(new Error('late'));
    await clock.advance(0);
    for (const read of reads)
      expect(read).toMatchObject({ state: 'rejected', error: { code: CacheErrorCode.CLOSED } });
    expect(memory?.entries.size ?? 0).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it('values that cannot be kept are answered, kept nowhere, and are no error', async () => {
    const { cache } = kind.open();
    const value = () => 'a function';
    expect(await cache.get('a', () => value)).toBe(value);
    expect(await cache.getEntry('a')).toBeNull();
  });
});

describe.each(cacheKinds)('F30 a thousand waiters on one key, over $name', (kind) => {
  it('are one load', async () => {
    const { cache } = kind.open();
    let loads = 0;
    const loader = async () => {
      loads += 1;
      await new Promise((resolve) => setImmediate(resolve));
      return loads;
    };
    await Promise.all(Array.from({ length: 1000 }, () => cache.get('a', loader)));
    expect(loads).toBe(1);
  });
});
