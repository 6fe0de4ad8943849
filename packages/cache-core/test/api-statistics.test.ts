import { CacheManager } from '@larder/cache-core';
import { describe, expect, it } from 'vitest';
import { cacheKinds, memoryKind, twoTiers } from './cache-kinds.ts';
import { never, watch } from './held.ts';

describe.each(cacheKinds)('statistics over $name', (kind) => {
  it('count what happens', async () => {
    const { cache } = kind.open();
    expect(cache.stats()).toMatchObject({
      hits: 0,
      misses: 0,
      hitRate: 0,
      sets: 0,
      deletes: 0,
      loads: 0,
      inFlight: 0,
    });
    await cache.set('a', 1);
    await cache.setMany([
      { key: 'b', value: 2 },
      { key: 'c', value: 3 },
    ]);
    await cache.getMany(['a', 'b', 'x']);
    await cache.get('a');
    await cache.get('y', () => 1);
    await cache.get('z', () => Promise.reject(new Error('no'))).catch(() => undefined);
    await cache.delete('a');
    await cache.deleteMany(['b', 'c']);
    await cache.invalidateTag('t');
    await cache.clear();
    expect(cache.stats()).toMatchObject({
      hits: 3,
      misses: 3,
      hitRate: 0.5,
      sets: 3,
      deletes: 3,
      invalidations: 2,
      loads: 2,
      loadErrors: 1,
      staleHits: 0,
      refusedFills: 0,
      inFlight: 0,
    });
  });

  it('count loads that were shared and fills that were refused', async () => {
    const { cache } = kind.open();
    let end: () => void = () => undefined;
    const source = new Promise<void>((resolve) => {
      end = resolve;
    });
    const loader = async () => {
      await source;
      return 1;
    };
    const reads = [1, 2, 3].map(() => cache.get('a', loader));
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(cache.stats()).toMatchObject({ loads: 1, joins: 2, inFlight: 1 });
    await cache.delete('a');
    end();
    await Promise.all(reads);
    await cache.flush();
    expect(cache.stats()).toMatchObject({ inFlight: 0, refusedFills: 1 });
  });

  it('time what is slow always, and hits once in 1,024', async () => {
    const { cache, clock } = kind.open();
    const slow = watch(
      cache.get('a', async () => {
        await new Promise<void>((resolve) => clock.schedule(resolve, 100));
        return 1;
      }),
    );
    await clock.advance(100);
    expect(slow.state).toBe('resolved');
    for (let at = 0; at < 3000; at++) await cache.get('a');
    const { latency } = cache.stats();
    expect(latency.load).toMatchObject({ count: 1, maxMs: 100 });
    expect(latency.storeRead.count > 0).toBe(kind.l2);
    if (kind.l1) expect(latency.hit.count).toBe(2);
  });
});

describe('statistics of memory', () => {
  it('count entries, bytes, evictions and expirations', async () => {
    const { cache, clock } = memoryKind.open({ l1: { maxEntries: 2 } });
    for (const key of ['a', 'b', 'c']) await cache.set(key, 'x'.repeat(100), 10);
    const full = cache.stats();
    expect(full).toMatchObject({ entries: 2, evictions: 1, expirations: 0 });
    expect(full.bytes).toBeGreaterThan(200);
    await clock.advance(60_000);
    expect(cache.stats()).toMatchObject({ entries: 0, bytes: 0, evictions: 1, expirations: 2 });
  });
});

describe('statistics of a store', () => {
  it('count errors, time-outs and what was skipped, by cause the flushes', async () => {
    const { cache, store, clock } = twoTiers.open();
    store!.before = () => never();
    const read = watch(cache.get('a', () => 1));
    await clock.advance(250);
    expect(read).toMatchObject({ state: 'resolved', value: 1 });
    await cache.get('b', () => 1);
    store!.subscriber!.gap('lost');
    store!.subscriber!.gap('closed');
    store!.subscriber!.gap('closed');
    expect(cache.stats()).toMatchObject({
      storeErrors: 1,
      storeTimeouts: 1,
      flushes: { lost: 1, closed: 2 },
    });
    expect(cache.stats().storeSkips).toBeGreaterThan(0);
  });

  it('count what could not be read', async () => {
    const { cache, memory } = twoTiers.open();
    memory!.stamps.set('', 1);
    memory!.corrupt(':a');
    expect(await cache.get('a')).toBeNull();
    expect(cache.stats()).toMatchObject({ unreadable: 1, misses: 1 });
  });

  it('are a snapshot, and JSON', async () => {
    const cache = new CacheManager();
    const before = cache.stats();
    await cache.get('a');
    expect(before.misses).toBe(0);
    expect(JSON.parse(JSON.stringify(cache.stats()))).toMatchObject({ misses: 1, flushes: {} });
  });
});
