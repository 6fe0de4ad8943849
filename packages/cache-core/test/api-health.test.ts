import { CacheErrorCode, CacheManager, ManualClock } from '@larder/cache-core';
import { describe, expect, it } from 'vitest';
import { memoryKind, plainKind, twoTiers } from './cache-kinds.ts';
import { never, watch } from './held.ts';
import { PlainStore } from './plain-store.ts';

describe('healthCheck', () => {
  it('of memory is healthy', async () => {
    const { cache } = memoryKind.open();
    await cache.set('a', 1);
    expect(await cache.healthCheck()).toEqual({
      status: 'healthy',
      latency: 0,
      tiers: { l1: { entries: 1, bytes: expect.any(Number), serving: true }, l2: null },
      breaker: null,
      bus: null,
      limits: ['Entries live in one process and end with it.'],
    });
  });

  it('of two tiers says how each is', async () => {
    const { cache } = twoTiers.open();
    expect((await cache.healthCheck()).latency).toBeNull();
    await cache.set('a', 1);
    expect(await cache.healthCheck()).toMatchObject({
      status: 'healthy',
      latency: 0,
      tiers: { l1: { entries: 1, serving: true }, l2: { connected: true } },
      breaker: { state: 'closed' },
      bus: { alive: true, lastGap: null },
    });
  });

  it('answers from memory while the store hangs, and says that it is degraded', async () => {
    const { cache, store, clock } = twoTiers.open();
    store!.before = () => never();
    const read = watch(cache.get('a', () => 1));
    await clock.advance(250);
    expect(read.state).toBe('resolved');
    const health = watch(cache.healthCheck());
    await Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    expect(health).toMatchObject({
      state: 'resolved',
      value: { status: 'degraded', breaker: { state: 'open', cause: 'silence' } },
    });
  });

  it('is degraded while the bus cannot vouch', async () => {
    const { cache, store } = twoTiers.open();
    store!.subscriber!.gap('silent');
    expect(await cache.healthCheck()).toMatchObject({
      status: 'degraded',
      tiers: { l1: { serving: false } },
      bus: { alive: false, lastGap: 'silent' },
    });
  });

  it('of a plain store says what that cannot promise', async () => {
    const { limits, bus } = await plainKind.open().cache.healthCheck();
    expect(limits.length).toBeGreaterThanOrEqual(3);
    expect(bus).toBeNull();
  });

  it('of a store that cannot be opened is unhealthy, with the reason', async () => {
    const cache = new CacheManager({ store: 'memcached' });
    expect(await cache.healthCheck()).toMatchObject({
      status: 'unhealthy',
      error: expect.stringContaining('@larder/store-memcached'),
    });
    await cache.close();
    expect(await cache.healthCheck()).toMatchObject({
      status: 'unhealthy',
      error: 'This cache has been closed.',
    });
  });

  it('shows the details that the store gives', async () => {
    const clock = new ManualClock();
    const health = { health: () => ({ connected: false, latencyMs: 3, details: { role: 'replica' } }) };
    const store = Object.assign(new PlainStore(clock), { capabilities: { health, limits: ['no lists'] } });
    expect(await new CacheManager({ store, clock }).healthCheck()).toMatchObject({
      status: 'degraded',
      tiers: { l2: { details: { role: 'replica' } } },
      limits: expect.arrayContaining(['no lists']),
    });
  });
});

describe('a cache is a store itself', () => {
  it('says what it can promise, and works under another cache', async () => {
    const { cache: inner, clock } = twoTiers.open();
    expect(inner.capabilities).toMatchObject({ versions: true });
    expect(inner.capabilities.health?.health()).toEqual({ connected: true, latencyMs: null });
    const outer = new CacheManager({ store: inner, clock });
    expect(await outer.get('a', () => 1, { ttl: 10 })).toBe(1);
    expect(await inner.get('a')).toBe(1);
    await outer.delete('a');
    expect(await inner.get('a')).toBeNull();
    await outer.namespace('n').set('b', 2);
    expect(await outer.namespace('n').get('b')).toBe(2);
    await outer.close();
    expect(inner.isConnected()).toBe(false);
  });

  it('connect is optional, may be repeated, and tells the truth', async () => {
    const { cache, plain, clock } = plainKind.open();
    expect(cache.isConnected()).toBe(true);
    await cache.connect();
    await cache.connect();
    plain!.connect = () => Promise.reject(new Error('refused'));
    await expect(cache.connect()).rejects.toMatchObject({
      code: CacheErrorCode.STORE_UNAVAILABLE,
      cause: new Error('refused'),
    });
    plain!.connect = () => new Promise(() => undefined);
    const hanging = cache.connect();
    hanging.catch(() => undefined);
    await clock.advance(1000);
    await expect(hanging).rejects.toMatchObject({ code: CacheErrorCode.STORE_UNAVAILABLE });
    await expect(new CacheManager({ store: 'postgres' }).connect()).rejects.toMatchObject({
      code: CacheErrorCode.INVALID_CONFIGURATION,
    });
  });

  it('a connect that hangs in the store rejects at its deadline', async () => {
    const { cache, plain, clock } = plainKind.open();
    plain!.connect = () => never();
    const connecting = watch(cache.connect());
    await clock.advance(1000);
    expect(connecting).toMatchObject({ state: 'rejected', error: { code: expect.any(String) } });
  });
});
