import { CacheManager, ManualClock } from '@larder/cache-core';
import { describe, expect, it } from 'vitest';
import { Processes } from './races-processes.ts';
import { settled } from './schedule-steps.ts';

describe('P6 versions', () => {
  it('F34 two writers, committed 1, 2 and cached 2, 1: version 2 stays, in the store and in both memories', async () => {
    const processes = new Processes();
    const [one, other] = [processes.start(), processes.start()];
    await other.cache.set('k', 'second', { version: 2 });
    await one.cache.set('k', 'first', { version: 1 });
    for (const { cache } of [one, other, processes.start()]) expect(await cache.get('k')).toBe('second');
  });

  it('F34 the same at once, in one process', async () => {
    const processes = new Processes();
    const one = processes.start();
    processes.slow(one);
    const sets = [one.cache.set('k', 'first', { version: 1 }), one.cache.set('k', 'second', { version: 2 })];
    await settled();
    await processes.steps.goAll('newest');
    await Promise.all(sets);
    processes.fast(one);
    expect(await one.cache.get('k')).toBe('second');
  });

  it('F34 where memory is all there is', async () => {
    const cache = new CacheManager({ clock: new ManualClock() });
    await cache.set('k', 'second', { version: 2 });
    await cache.set('k', 'first', { version: 1 });
    expect(cache.peek('k')).toBe('second');
    await cache.set('k', 'again', { version: 2 });
    expect(cache.peek('k')).toBe('again');
  });

  it('F34 without a version the last to arrive wins', async () => {
    const processes = new Processes();
    const [one, other] = [processes.start(), processes.start()];
    await other.cache.set('k', 'second');
    await one.cache.set('k', 'first');
    expect(await other.cache.get('k')).toBe('first');
  });

  it('a loaded value does not replace a stale one of a higher version', async () => {
    const processes = new Processes();
    const one = processes.start({ ttl: '1s', grace: '1h', softTimeout: Number.POSITIVE_INFINITY });
    await one.cache.set('k', 'second', { version: 2 });
    await processes.clock.advance(1000);
    const lagging = await one.cache.get('k', (context) => {
      context.setOptions({ version: 1 });
      return 'first';
    });
    expect(lagging).toBe('first');
    expect(await one.cache.getEntry('k')).toMatchObject({ value: 'second', stale: true });
  });

  it('a version that has been invalidated stands in nobody’s way', async () => {
    const processes = new Processes();
    const one = processes.start();
    await one.cache.set('k', 'second', { version: 2, tags: ['t'] });
    await one.cache.invalidateTag('t');
    await one.cache.set('k', 'first', { version: 1 });
    expect(await processes.start().cache.get('k')).toBe('first');
  });
});
