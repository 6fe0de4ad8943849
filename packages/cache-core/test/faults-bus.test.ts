import {
  type BusSubscriber,
  CacheErrorCode,
  CacheManager,
  type InvalidationBus,
  ManualClock,
} from '@larder/cache-core';
import { describe, expect, it } from 'vitest';
import { twoTiers } from './cache-kinds.ts';
import { never, watch } from './held.ts';
import { SharedMemory } from './shared-memory.ts';
import { forbidUnhandledRejections } from './unhandled-rejections.ts';

forbidUnhandledRejections();

/** A bus in the hand of a test. */
class HandBus implements InvalidationBus {
  readonly announcedByStore = false;
  subscriber: BusSubscriber | null = null;
  publish: () => Promise<void> = async () => undefined;

  subscribe(subscriber: BusSubscriber) {
    this.subscriber = subscriber;
    subscriber.alive(Infinity);
    return { publish: () => this.publish(), close: async () => undefined };
  }
}

function open() {
  const clock = new ManualClock();
  const bus = new HandBus();
  const memory = new SharedMemory(clock, { mute: true });
  const cache = new CacheManager({ store: memory.attach(), clock, bus });
  return { clock, bus, memory, cache };
}

describe('a bus that was passed', () => {
  it('that hangs: mutations reject at their deadline, for the others may not know', async () => {
    const { cache, bus, clock } = open();
    bus.publish = () => never();
    const calls = [cache.set('a', 1), cache.delete('b'), cache.invalidateTag('t'), cache.clear()].map(watch);
    await clock.advance(1000);
    for (const call of calls) {
      expect(call).toMatchObject({
        state: 'rejected',
        error: { code: CacheErrorCode.OPERATION_TIMEOUT, retryable: true },
      });
    }
  });

  it('that fails: they reject with a typed error', async () => {
    const { cache, bus } = open();
    bus.publish = () => Promise.reject(new Error('bus down'));
    await expect(cache.delete('a')).rejects.toMatchObject({
      code: CacheErrorCode.STORE_FAILED,
      details: { applied: 'unknown' },
      cause: expect.any(Error),
    });
    expect(await cache.get('b', () => 1)).toBe(1);
  });
});

describe('F8 messages', () => {
  const hostile: readonly unknown[] = [
    undefined,
    null,
    '',
    'text',
    5,
    {},
    [],
    { keys: null, stamps: null },
    { keys: [5, null, {}], stamps: [] },
    { keys: [], stamps: [null, 7] },
    { keys: 'abc', stamps: 'abc' },
    { keys: ['', '@', '@a', '@a\\', 'no address'], stamps: ['x:', 'n:'] },
  ];

  it.each(hostile.map((message) => [JSON.stringify(message), message]))(
    '%s does no harm',
    async (_name, message) => {
      const { cache, bus } = open();
      await cache.set('a', 1);
      expect(() => bus.subscriber!.invalidated(message as never)).not.toThrow();
      expect(await cache.get('a', () => 2)).toBe(1);
    },
  );

  it('one that cannot be read empties memory: what it said is unknown (P21)', async () => {
    const { cache, bus, memory } = open();
    await cache.set('a', 1);
    bus.subscriber!.invalidated({ keys: [5], stamps: [] } as never);
    expect(cache.peek('a')).toBeUndefined();
    expect(cache.stats().flushes).toEqual({ unreadable: 1 });
    memory.log.length = 0;
    expect(await cache.get('a')).toBe(1);
    expect(memory.log).toEqual(['read']);
  });

  it('duplicated and reordered ones do no harm; a million keys in one are taken', async () => {
    const { cache, bus } = open();
    await cache.set('a', 1);
    const keys = Array.from({ length: 1_000_000 }, (_, at) => `:k${at}`);
    bus.subscriber!.invalidated({ keys, stamps: [] });
    for (let at = 0; at < 3; at++) bus.subscriber!.invalidated({ keys: [':b'], stamps: ['t:x', 't:x'] });
    expect(cache.peek('a')).toBe(1);
  }, 30_000);
});

describe('F31 a flood', () => {
  it('a hundred thousand flushes are as one, and block nobody', async () => {
    const { cache, bus } = open();
    await cache.set('a', 1);
    const began = performance.now();
    for (let at = 0; at < 100_000; at++) bus.subscriber!.gap('lost');
    const tookMs = performance.now() - began;
    console.log(`100,000 flushes: ${tookMs.toFixed(0)} ms`);
    expect(cache.peek('a')).toBeUndefined();
    expect(cache.stats().flushes).toEqual({ lost: 100_000 });
    expect(tookMs).toBeLessThan(1000);
  });

  it('each poisons what is under way when it comes', async () => {
    const { cache, bus } = open();
    bus.subscriber!.gap('lost');
    const load = cache.get('a', async () => {
      bus.subscriber!.gap('lost');
      return 1;
    });
    expect(await load).toBe(1);
    expect(cache.peek('a')).toBeUndefined();
  });

  it('a hundred thousand messages are heard in well under a second', async () => {
    const { cache, bus } = open();
    const spaces = Array.from({ length: 100 }, (_, at) => cache.namespace(`n${at}`));
    for (const space of spaces) await space.set('k', 1);
    const began = performance.now();
    for (let at = 0; at < 100_000; at++) {
      bus.subscriber!.invalidated({
        keys: [`@n${at % 100}:k${at}`],
        stamps: at % 10 === 0 ? [`t:${at}`] : [],
      });
    }
    const tookMs = performance.now() - began;
    console.log(`100,000 messages over 100 namespaces: ${tookMs.toFixed(0)} ms`);
    expect(spaces.every((space) => space.peek('k') === 1)).toBe(true);
    expect(tookMs).toBeLessThan(5000);
  });
});

describe('F5 a bus that cannot vouch', () => {
  it('memory is not served until it does again, and then again', async () => {
    const { cache, store, clock, memory } = twoTiers.open();
    await cache.set('a', 1);
    store!.subscriber!.gap('closed');
    await clock.advance(5000);
    memory!.log.length = 0;
    expect(await cache.get('a')).toBe(1);
    await clock.advance(1000);
    expect(await cache.get('a')).toBe(1);
    expect(memory!.log).toEqual(['read', 'read']);
    store!.subscriber!.alive(clock.now());
    expect(await cache.get('a')).toBe(1);
    await clock.advance(999);
    expect(cache.peek('a')).toBe(1);
    await clock.advance(1);
    expect(cache.peek('a')).toBeUndefined();
  });
});
