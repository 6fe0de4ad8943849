import { describe, expect, it } from 'vitest';
import { sharedKinds } from './cache-kinds.ts';
import { Held, never, watch } from './held.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe.each(sharedKinds)('a stale value over $name', (kind) => {
  const stale = async (options = {}) => {
    const opened = kind.open({ ttl: 1, grace: 10, ...options });
    await opened.cache.set('a', 'old');
    await opened.clock.advance(1500);
    return opened;
  };

  it('is served at once by default, and replaced in the background', async () => {
    const { cache } = await stale();
    const source = new Held<string>();
    expect(await cache.get('a', () => source.promise)).toBe('old');
    expect(await cache.getEntry('a', () => source.promise)).toMatchObject({ value: 'old', stale: true });
    source.resolve('new');
    await cache.flush();
    expect(await cache.get('a')).toBe('new');
    expect(cache.stats()).toMatchObject({ staleHits: 2, loads: 1 });
  });

  it('one refresh is told of once, however many it serves', async () => {
    const { cache } = await stale();
    const refreshes: string[] = [];
    cache.on('refresh', ({ key, cause }) => refreshes.push(`${key} ${cause}`));
    const source = new Held<string>();
    await Promise.all(Array.from({ length: 10 }, () => cache.get('a', () => source.promise)));
    await turn();
    source.resolve('new');
    await cache.flush();
    expect(refreshes).toEqual(['a stale']);
  });

  it('softTimeout waits for the load so long', async () => {
    const { cache, clock } = await stale({ softTimeout: '200ms' });
    const source = new Held<string>();
    const slow = watch(cache.get('a', () => source.promise));
    await clock.advance(199);
    expect(slow.state).toBe('pending');
    await clock.advance(1);
    expect(slow).toMatchObject({ state: 'resolved', value: 'old' });
    source.resolve('new');
    await cache.flush();
    expect(await cache.get('a')).toBe('new');
  });

  it('softTimeout answers the new value where that comes in time', async () => {
    const { cache } = await stale({ softTimeout: '200ms' });
    expect(await cache.get('a', async () => 'new')).toBe('new');
  });

  it('softTimeout Infinity serves it only where the load fails', async () => {
    const { cache, clock } = await stale({ softTimeout: Infinity });
    const source = new Held<string>();
    const waiting = watch(cache.get('a', () => source.promise));
    await clock.advance(5000);
    expect(waiting.state).toBe('pending');
    source.reject(new Error('down'));
    await clock.advance(0);
    expect(waiting).toMatchObject({ state: 'resolved', value: 'old' });
  });

  it('is not served past its grace, however long softTimeout is', async () => {
    const { cache, clock } = await stale({ grace: 2, softTimeout: 60 });
    const source = new Held<string>();
    const waiting = watch(cache.get('a', () => source.promise));
    const failing = watch(cache.get('b', () => source.promise));
    await clock.advance(60_000);
    expect(waiting.state).toBe('pending');
    source.reject(new Error('down'));
    await clock.advance(0);
    expect(waiting).toMatchObject({ state: 'rejected', error: { message: 'down' } });
    expect(failing.state).toBe('rejected');
  });

  it('after a failed load is answered for a second without trying again', async () => {
    const { cache, clock } = await stale({ softTimeout: Infinity });
    let loads = 0;
    const failing = () => {
      loads += 1;
      throw new Error('down');
    };
    for (let at = 0; at < 5; at++) expect(await cache.get('a', failing)).toBe('old');
    expect(loads).toBe(1);
    await clock.advance(1000);
    expect(await cache.get('a', failing)).toBe('old');
    expect(loads).toBe(2);
  });

  it('after a load that hung is answered for a second without trying again', async () => {
    const { cache, clock } = await stale({ softTimeout: Infinity, hardTimeout: '100ms' });
    let loads = 0;
    const hanging = () => {
      loads += 1;
      return never<string>();
    };
    const first = watch(cache.get('a', hanging));
    await clock.advance(100);
    expect(first).toMatchObject({ state: 'resolved', value: 'old' });
    const second = watch(cache.get('a', hanging));
    await clock.advance(0);
    expect(second).toMatchObject({ state: 'resolved', value: 'old' });
    expect(loads).toBe(1);
  });

  it('the loader sees it, and may answer it again', async () => {
    const { cache, clock } = await stale({ softTimeout: Infinity });
    const again = cache.get<string>('a', ({ stale }) => {
      expect(stale).toEqual({ value: 'old', staleMs: 500 });
      return stale!.value as string;
    });
    expect(await again).toBe('old');
    await clock.advance(999);
    expect(await cache.get('a')).toBe('old');
  });

  it('refresh does not serve it: who asks for a new value gets one, or the error', async () => {
    const { cache } = await stale();
    expect(await cache.get('a', () => 'new', { refresh: true })).toBe('new');
    const failing = () => Promise.reject(new Error('down'));
    await expect(cache.get('a', failing, { refresh: true })).rejects.toThrow('down');
    expect(await cache.get('a')).toBe('new');
  });
});
