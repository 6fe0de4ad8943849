import { describe, expect, it } from 'vitest';
import { ManualClock } from '../clock/manual-clock.ts';
import { CacheManager } from './cache-manager.ts';

describe('CacheManager on memory', () => {
  it('gets what was set', async () => {
    const cache = new CacheManager();
    await cache.set('a', { x: 1 });
    expect(await cache.get('a')).toEqual({ x: 1 });
    expect(await cache.get('b')).toBeNull();
    expect(cache.peek('a')).toEqual({ x: 1 });
    await cache.delete('a');
    expect(await cache.get('a')).toBeNull();
    await cache.close();
  });
  it('loads once for a thousand callers', async () => {
    const cache = new CacheManager();
    let loads = 0;
    const values = await Promise.all(
      Array.from({ length: 1000 }, () =>
        cache.get('k', async () => {
          loads += 1;
          await Promise.resolve();
          return 7;
        }),
      ),
    );
    expect(new Set(values)).toEqual(new Set([7]));
    expect(loads).toBe(1);
  });
  it('expires by the clock', async () => {
    const clock = new ManualClock();
    const cache = new CacheManager({ clock });
    await cache.set('a', 1, 10);
    await clock.advance(9_999);
    expect(await cache.get('a')).toBe(1);
    await clock.advance(1);
    expect(await cache.get('a')).toBeNull();
  });
  it('serves stale while it loads', async () => {
    const clock = new ManualClock();
    const cache = new CacheManager({ clock, ttl: 1, grace: 10 });
    await cache.set('a', 'old');
    await clock.advance(1500);
    expect(await cache.get('a', () => 'new')).toBe('old');
    await cache.flush();
    expect(await cache.get('a')).toBe('new');
  });
  it('works in namespaces and with tags', async () => {
    const cache = new CacheManager();
    const users = cache.namespace('users');
    await users.set('1', 'ann', { tags: ['t'] });
    await cache.set('1', 'root');
    expect(await users.get('1')).toBe('ann');
    await cache.invalidateTag('t');
    expect(await users.get('1')).toBeNull();
    expect(await cache.get('1')).toBe('root');
    await users.set('2', 'x');
    await users.clear();
    expect(await users.get('2')).toBeNull();
    expect(await cache.get('1')).toBe('root');
  });
});
