import { CacheErrorCode } from '@larder/cache-core';
import { describe, expect, it } from 'vitest';
import { cacheKinds, sharedKinds, twoTiers } from './cache-kinds.ts';
import { Held, never, watch } from './held.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe.each(cacheKinds)('loading over $name', (kind) => {
  it('a thousand callers share one load', async () => {
    const { cache } = kind.open();
    let loads = 0;
    const loader = async () => {
      loads += 1;
      await turn();
      return loads;
    };
    const values = await Promise.all(Array.from({ length: 1000 }, () => cache.get('a', loader)));
    expect(new Set(values)).toEqual(new Set([1]));
    expect(cache.stats()).toMatchObject({ loads: 1, inFlight: 0 });
  });

  it('the loader knows its key and may say how the value is kept', async () => {
    const { cache, clock } = kind.open();
    await cache.set('known', 1, { tags: ['t'] });
    const inner = cache.namespace('n');
    await inner.get(
      'a:1',
      (context) => {
        expect(context.key).toBe('a:1');
        expect(context.stale).toBeNull();
        expect(context.signal.aborted).toBe(false);
        const { setOptions, tags } = context;
        setOptions({ ttl: 100 });
        setOptions({ ttl: 5 });
        tags(['t']);
        return 1;
      },
      { ttl: 1 },
    );
    await clock.advance(4999);
    expect(await inner.get('a:1')).toBe(1);
    await cache.invalidateTag('t');
    expect(await inner.get('a:1')).toBeNull();
  });

  it('skip, and a ttl of 0, answer the value without keeping it', async () => {
    const { cache } = kind.open();
    const skipping = ({ skip }: { skip(): void }) => {
      skip();
      return 1;
    };
    expect(await cache.get('a', skipping)).toBe(1);
    expect(await cache.get('b', () => 2, { ttl: 0 })).toBe(2);
    expect(await cache.getMany(['a', 'b'])).toEqual([null, null]);
    await cache.flush();
    expect(cache.stats().refusedFills).toBe(0);
  });

  it('wrong options from the loader fail the load with a typed error', async () => {
    const { cache } = kind.open();
    const wrong = cache.get('a', (context) => {
      context.setOptions({ tll: 5 } as never);
      return 1;
    });
    await expect(wrong).rejects.toMatchObject({ code: CacheErrorCode.INVALID_CONFIGURATION });
    expect(await cache.get('a')).toBeNull();
  });

  it.each([
    ['throws', () => { throw new Error('source'); }],
    ['rejects', () => Promise.reject(new Error('source'))],
    ['answers a thenable that rejects', () => ({ then: (_: unknown, no: (error: Error) => void) => no(new Error('source')) })],
  ])('a loader that %s: every caller gets its error, and the next tries again (F23)', async (_name, loader) => {
    const { cache, memory } = kind.open();
    const callers = await Promise.allSettled([1, 2, 3].map(() => cache.get('a', loader as () => never)));
    for (const caller of callers) expect(caller).toMatchObject({ status: 'rejected', reason: { message: 'source' } });
    await cache.flush();
    expect(memory?.leases.size ?? 0).toBe(0);
    expect(await cache.get('a', () => 'ok')).toBe('ok');
    expect(cache.stats()).toMatchObject({ inFlight: 0 });
  });

  it('errorTtl answers the error to others for a time', async () => {
    const { cache, clock } = kind.open({ errorTtl: 5 });
    let loads = 0;
    const failing = () => {
      loads += 1;
      throw new Error(`failure ${loads}`);
    };
    for (let at = 0; at < 3; at++) await expect(cache.get('a', failing)).rejects.toThrow('failure 1');
    await clock.advance(5000);
    await expect(cache.get('a', failing)).rejects.toThrow('failure 2');
    await cache.delete('a');
    await expect(cache.get('a', failing)).rejects.toThrow('failure 3');
    await cache.set('a', 'set');
    expect(await cache.get('a', failing)).toBe('set');
  });

  it('errorTtl holds for a load that took too long, too', async () => {
    const { cache, clock } = kind.open({ errorTtl: 60, hardTimeout: '100ms' });
    const first = watch(cache.get('a', () => never<number>()));
    await clock.advance(100);
    expect(first).toMatchObject({ state: 'rejected', error: { code: CacheErrorCode.OPERATION_TIMEOUT } });
    await expect(cache.get('a', () => 1)).rejects.toMatchObject({ code: CacheErrorCode.OPERATION_TIMEOUT });
  });

  it('errorBackoff holds a failing key back, off by default where nothing stale is there', async () => {
    const { cache, clock } = kind.open();
    let loads = 0;
    const failing = () => {
      loads += 1;
      throw new Error('source');
    };
    for (let at = 0; at < 3; at++) await expect(cache.get('a', failing)).rejects.toThrow('source');
    expect(loads).toBe(3);
    for (let at = 0; at < 3; at++) await expect(cache.get('b', failing, { errorBackoff: 2 })).rejects.toThrow('source');
    expect(loads).toBe(4);
    await clock.advance(2000);
    await expect(cache.get('b', failing, { errorBackoff: 2 })).rejects.toThrow('source');
    expect(loads).toBe(5);
  });

  it('retry tries again, after growing waits', async () => {
    const { cache, clock } = kind.open();
    const at: number[] = [];
    const flaky = () => {
      at.push(clock.now());
      if (at.length < 4) throw new Error('not yet');
      return 'done';
    };
    const seen = watch(cache.get('a', flaky, { retry: { attempts: 5, delay: '100ms', factor: 3, maxDelay: '500ms' } }));
    await clock.advance(10_000);
    expect(seen).toMatchObject({ state: 'resolved', value: 'done' });
    expect(at.map((ms) => ms - at[0]!)).toEqual([0, 100, 400, 900]);
  });

  it('retry gives up after its attempts, or where the error is not worth one', async () => {
    const { cache, clock } = kind.open();
    let loads = 0;
    const failing = () => {
      loads += 1;
      throw new Error(`failure ${loads}`);
    };
    const seen = watch(cache.get('a', failing, { retry: { attempts: 2 } }));
    await clock.advance(10_000);
    expect(seen).toMatchObject({ state: 'rejected', error: { message: 'failure 3' } });
    await expect(cache.get('a', failing, { retry: { attempts: 5, retryable: () => false } })).rejects.toThrow('failure 4');
  });

  it('hardTimeout rejects, aborts, and keeps nothing of what comes late', async () => {
    const { cache, clock } = kind.open();
    const source = new Held<number>();
    let signal: AbortSignal | undefined;
    const seen = watch(
      cache.get('a', (context) => {
        signal = context.signal;
        return source.promise;
      }, { hardTimeout: '100ms' }),
    );
    await clock.advance(99);
    expect(seen.state).toBe('pending');
    await clock.advance(1);
    expect(seen).toMatchObject({
      state: 'rejected',
      error: { code: CacheErrorCode.OPERATION_TIMEOUT, retryable: true, details: { hardTimeoutMs: 100 } },
    });
    expect(signal?.aborted).toBe(true);
    const next = cache.get('a', () => 2);
    source.resolve(1);
    expect(await next).toBe(2);
    await turn();
    expect(await cache.get('a')).toBe(2);
    expect(cache.stats().inFlight).toBe(0);
  });

  it('a load past stallTimeout takes no new callers; the first to end fills', async () => {
    const { cache, clock } = kind.open();
    const first = new Held<string>();
    const second = new Held<string>();
    let loads = 0;
    const loader = () => (++loads === 1 ? first.promise : second.promise);
    const early = cache.get('a', loader);
    await clock.advance(9_999);
    const joined = cache.get('a', loader);
    await clock.advance(1);
    const late = cache.get('a', loader);
    await clock.advance(0);
    expect(loads).toBe(2);
    second.resolve('second');
    expect(await late).toBe('second');
    expect(await cache.get('a')).toBe('second');
    first.resolve('first');
    expect([await early, await joined]).toEqual(['first', 'first']);
    await cache.flush();
    expect(await cache.get('a')).toBe('second');
  });

  it('a slow load that ends first, though another was begun, is the one that is kept', async () => {
    const { cache, clock } = kind.open({ stallTimeout: 1 });
    const first = new Held<string>();
    const second = new Held<string>();
    let loads = 0;
    const loader = () => (++loads === 1 ? first.promise : second.promise);
    const early = cache.get('a', loader);
    await clock.advance(1000);
    const late = cache.get('a', loader);
    await clock.advance(0);
    first.resolve('first');
    expect(await early).toBe('first');
    second.resolve('second');
    expect(await late).toBe('second');
    await cache.flush();
    expect(await cache.get('a')).toBe('first');
  });
});

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

describe('the lease of a load that stalls', () => {
  it('is one for both loads, and is given back', async () => {
    const { cache, clock, memory } = twoTiers.open({ stallTimeout: 1 });
    const first = new Held<string>();
    const early = cache.get('a', () => first.promise);
    await clock.advance(1000);
    expect(await cache.get('a', () => 'second')).toBe('second');
    expect(memory!.log.filter((operation) => operation === 'lease')).toHaveLength(1);
    first.resolve('first');
    await early;
    await cache.flush();
    expect(memory!.leases.size).toBe(0);
    expect(memory!.log.filter((operation) => operation === 'fill')).toHaveLength(1);
  });
});
