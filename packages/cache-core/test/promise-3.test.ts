import { CacheManager, LocalBus, ManualClock, MemoryStore } from '@larder/cache-core';
import { describe, expect, it } from 'vitest';
import { ManualLoader, Processes } from './races-processes.ts';
import { settled } from './schedule-steps.ts';

describe('P3 other processes hear of it', () => {
  it('at once, where the bus delivers at once', async () => {
    const processes = new Processes();
    const [one, other] = [processes.start(), processes.start()];
    const space = one.cache.namespace('n');
    await one.cache.set('k', 1, { tags: ['t'] });
    await space.set('k', 2);
    const there = other.cache.namespace('n');
    const seen = () => [other.cache.peek('k'), there.peek('k')];
    const warm = () => Promise.all([other.cache.get('k'), there.get('k')]);
    await warm();
    expect(seen()).toEqual([1, 2]);
    await one.cache.invalidateTag('t');
    expect(seen()).toEqual([undefined, 2]);
    await space.clear();
    expect(seen()).toEqual([undefined, undefined]);
    await one.cache.set('k', 3);
    await warm();
    expect(seen()).toEqual([3, undefined]);
    await one.cache.expire('k');
    expect(seen()).toEqual([undefined, undefined]);
    await one.cache.increment('c');
    expect(await other.cache.get('c')).toBe(1);
    await one.cache.increment('c');
    expect(other.cache.peek('c')).toBeUndefined();
  });

  it('F4 a read that was answered before the message, and arrives after it, is not kept', async () => {
    const processes = new Processes();
    const [one, other] = [processes.start(), processes.start()];
    await other.cache.set('k', 'old');
    processes.slow(one);
    const read = one.cache.get('k');
    await processes.steps.go('read takes place');
    await other.cache.delete('k');
    await processes.steps.goAll();
    expect(await read).toBe('old');
    expect(one.cache.peek('k')).toBeUndefined();
  });

  it('F4 nor is one of several keys', async () => {
    const processes = new Processes();
    const [one, other] = [processes.start(), processes.start()];
    await other.cache.setMany([
      { key: 'j', value: 'good' },
      { key: 'k', value: 'old' },
    ]);
    processes.slow(one);
    const read = one.cache.getMany(['j', 'k']);
    await processes.steps.go('read takes place');
    await other.cache.delete('k');
    await processes.steps.goAll();
    expect(await read).toEqual(['good', 'old']);
    expect([one.cache.peek('j'), one.cache.peek('k')]).toEqual(['good', undefined]);
  });

  it('F4 what a lease answers instead of a lease is not kept either, where a message came between', async () => {
    const processes = new Processes();
    const [one, other] = [processes.start(), processes.start()];
    processes.slow(one);
    const read = one.cache.get('k', () => 'loaded');
    await processes.steps.go('read takes place', 'read is answered');
    await other.cache.set('k', 'old');
    await processes.steps.go('lease takes place');
    await other.cache.delete('k');
    await processes.steps.goAll();
    expect(await read).toBe('old');
    expect(one.cache.peek('k')).toBeUndefined();
  });

  it('a caller who comes after the message does not join a load from before', async () => {
    const processes = new Processes();
    const [one, other] = [processes.start(), processes.start()];
    const loader = new ManualLoader<string>();
    const before = one.cache.get('k', loader.load);
    await settled();
    await other.cache.delete('k');
    const after = one.cache.get('k', loader.load);
    await settled();
    expect(loader.running).toBe(2);
    loader.end('old');
    loader.end('new');
    expect([await before, await after]).toEqual(['old', 'new']);
    expect(one.cache.peek('k')).toBe('new');
  });

  it('a message from before the loader began does not spoil what it brings', async () => {
    const processes = new Processes();
    const { steps } = processes;
    const [one, other] = [processes.start(), processes.start()];
    const held = processes.holdMessages(one);
    await other.cache.delete('k');
    processes.slow(one);
    const loading = one.cache.get('k', () => 'new');
    await steps.go('read takes place', 'read is answered', 'lease takes place');
    held.deliver();
    await steps.goAll();
    expect(await loading).toBe('new');
    expect(one.cache.peek('k')).toBe('new');
  });

  it('F8 messages twice, out of order, and of things nobody knows do no harm', async () => {
    const processes = new Processes();
    const [one, other] = [processes.start(), processes.start()];
    const held = processes.holdMessages(one);
    await other.cache.set('k', 1);
    await other.cache.set('k', 2);
    const [first, second] = held.messages;
    expect(await one.cache.get('k')).toBe(2);
    for (const message of [second!, first!, second!, first!]) one.subscriber.invalidated(message);
    expect(await one.cache.get('k')).toBe(2);
    one.subscriber.invalidated({
      keys: ['', 'no address', '@n', '@never:heard', ':'],
      stamps: ['n:never', 't:', 'x'],
    });
    expect(await one.cache.get('k')).toBe(2);
  });

  it('one-tier caches that a LocalBus joins', async () => {
    const clock = new ManualClock();
    const bus = new LocalBus();
    const [one, other] = [0, 1].map(() => new CacheManager({ store: new MemoryStore({ clock }), bus })) as [
      CacheManager,
      CacheManager,
    ];
    await other.set('k', 'old', { tags: ['t'] });
    await one.invalidateTag('t');
    expect(other.peek('k')).toBeUndefined();
    const loader = new ManualLoader<string>();
    const loading = other.get('k', loader.load);
    await one.set('k', 'new');
    loader.end('old');
    expect(await loading).toBe('old');
    expect([one.peek('k'), other.peek('k')]).toEqual(['new', undefined]);
  });
});
