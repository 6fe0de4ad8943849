import { describe, expect, it } from 'vitest';
import { sharedKinds } from './cache-kinds.ts';

describe.each(sharedKinds)('early refresh over $name', (kind) => {
  const counting = () => {
    const seen = { loads: 0 };
    return { seen, loader: () => `value ${++seen.loads}` };
  };

  it.each(['get', 'set'] as const)(
    'after a share of the ttl a hit refreshes in the background (entry from %s)',
    async (how) => {
      const { cache, clock } = kind.open({ ttl: 100, earlyRefresh: 0.75 });
      const { loader, seen } = counting();
      if (how === 'get') await cache.get('a', loader);
      else await cache.set('a', `value ${++seen.loads}`);
      await clock.advance(74_999);
      expect(await cache.get('a', loader)).toBe('value 1');
      await cache.flush();
      expect(seen.loads).toBe(1);
      await clock.advance(1);
      expect(await cache.get('a')).toBe('value 1');
      await cache.flush();
      expect(seen.loads).toBe(1);
      expect(await cache.get('a', loader)).toBe('value 1');
      await cache.flush();
      expect(seen.loads).toBe(2);
      expect(await cache.get('a', loader)).toBe('value 2');
      expect((await cache.getEntry('a'))?.freshMs).toBe(100_000);
      expect(cache.stats().misses).toBe(how === 'get' ? 1 : 0);
    },
  );

  it('still does so after touch', async () => {
    const { cache, clock } = kind.open({ ttl: 100, earlyRefresh: 0.5 });
    const { loader, seen } = counting();
    await cache.get('a', loader);
    await cache.touch('a');
    await clock.advance(60_000);
    expect(await cache.get('a', loader)).toBe('value 1');
    await cache.flush();
    expect(seen.loads).toBe(2);
  });

  it('a refresh that fails leaves the fresh value alone, and is reported', async () => {
    const { cache, clock } = kind.open({ ttl: 100, earlyRefresh: 0.5 });
    const errors: string[] = [];
    cache.on('error', ({ error, operation }) => errors.push(`${operation}: ${error.message}`));
    await cache.get('a', () => 1);
    await clock.advance(60_000);
    const failing = () => Promise.reject(new Error('down'));
    for (let at = 0; at < 3; at++) expect(await cache.get('a', failing)).toBe(1);
    await cache.flush();
    expect(errors).toEqual(['refresh: down']);
  });

  it('xfetch refreshes the earlier the longer the load takes, at a random moment', async () => {
    const { cache, clock } = kind.open({ ttl: 100, earlyRefresh: 'xfetch' });
    let loads = 0;
    const slow = async () => {
      const value = ++loads;
      await clock.advance(1000);
      return value;
    };
    let drawn = 0;
    let next = 0;
    clock.setRandom(() => {
      drawn += 1;
      return next;
    });
    await cache.get('a', slow);
    await cache.flush();
    drawn = 0;
    // More than 8 load times left: no number is drawn.
    await clock.advance(91_000);
    expect(await cache.get('a', slow)).toBe(1);
    expect(drawn).toBe(0);
    // −ln(1 − random) × loadMs must reach what is left.
    await clock.advance(5000);
    next = 1 - Math.exp(-2);
    expect(await cache.get('a', slow)).toBe(1);
    await cache.flush();
    expect([loads, drawn]).toEqual([1, 1]);
    next = 1 - Math.exp(-5);
    expect(await cache.get('a', slow)).toBe(1);
    await cache.flush();
    expect(loads).toBe(2);
  });
});
