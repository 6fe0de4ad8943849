import { CacheErrorCode, CacheManager, ManualClock } from '@larder/cache-core';
import { describe, expect, it } from 'vitest';
import { FaultyStore, PlainStore, type StoreFault } from '../src/index.ts';

function open() {
  const clock = new ManualClock();
  const store = new FaultyStore(new PlainStore(clock), clock);
  return { clock, store, cache: new CacheManager({ store, clock }) };
}

describe('FaultyStore', () => {
  it('does what the store in it does', async () => {
    const { store } = open();
    await store.connect();
    await store.set('k', 1, 60);
    expect(await store.get('k')).toBe(1);
    await store.delete('k');
    expect(await store.get('k')).toBeNull();
    await store.clear();
    expect([store.isConnected(), store.calls]).toEqual([true, 6]);
    await store.disconnect();
    expect(store.isConnected()).toBe(false);
  });

  it.each(['hangs', 'rejects', 'throws', 'nonsense', 'slow'] satisfies StoreFault[])(
    'that %s: a cache over it answers by its loader, and is well again afterwards (P10)',
    async (fault) => {
      const { clock, store, cache } = open();
      store.fail(fault, 5_000);
      expect(store.isConnected()).toBe(false);
      const read = cache.get('k', () => 'loaded');
      await clock.advance(1_000);
      expect(await read).toBe('loaded');
      store.heal();
      await clock.advance(10_000);
      await cache.set('j', 1);
      expect(await store.get('j')).toBe(1);
    },
  );

  it('that hangs: a write rejects at its deadline (P5)', async () => {
    const { clock, store, cache } = open();
    store.fail('hangs');
    const writing = expect(cache.set('k', 1)).rejects.toMatchObject({
      code: CacheErrorCode.OPERATION_TIMEOUT,
    });
    await clock.advance(1_000);
    await writing;
  });

  it('that is slow works, later', async () => {
    const { clock, store } = open();
    await store.set('k', 1);
    store.fail('slow', 200);
    let answer: unknown;
    void store.get('k').then((value) => {
      answer = value;
    });
    await clock.advance(199);
    expect(answer).toBeUndefined();
    await clock.advance(1);
    expect(answer).toBe(1);
  });
});
