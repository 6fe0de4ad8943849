import { CacheErrorCode } from '@larder/cache-core';
import { describe, expect, it } from 'vitest';
import { cacheKinds, twoTiers } from './cache-kinds.ts';
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
    [
      'throws',
      () => {
        throw new Error('source');
      },
    ],
    ['rejects', () => Promise.reject(new Error('source'))],
    [
      'answers a thenable that rejects',
      // biome-ignore lint/suspicious/noThenProperty: thenables are what is tested
      () => ({ then: (_: unknown, no: (error: Error) => void) => no(new Error('source')) }),
    ],
  ])(
    'a loader that %s: every caller gets its error, and the next tries again (F23)',
    async (_name, loader) => {
      const { cache, memory } = kind.open();
      const callers = await Promise.allSettled([1, 2, 3].map(() => cache.get('a', loader as () => never)));
      for (const caller of callers)
        expect(caller).toMatchObject({ status: 'rejected', reason: { message: 'source' } });
      await cache.flush();
      expect(memory?.leases.size ?? 0).toBe(0);
      expect(await cache.get('a', () => 'ok')).toBe('ok');
      expect(cache.stats()).toMatchObject({ inFlight: 0 });
    },
  );

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
    for (let at = 0; at < 3; at++)
      await expect(cache.get('b', failing, { errorBackoff: 2 })).rejects.toThrow('source');
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
    const seen = watch(
      cache.get('a', flaky, { retry: { attempts: 5, delay: '100ms', factor: 3, maxDelay: '500ms' } }),
    );
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
    await expect(cache.get('a', failing, { retry: { attempts: 5, retryable: () => false } })).rejects.toThrow(
      'failure 4',
    );
  });

  it('hardTimeout rejects, aborts, and keeps nothing of what comes late', async () => {
    const { cache, clock } = kind.open();
    const source = new Held<number>();
    let signal: AbortSignal | undefined;
    const seen = watch(
      cache.get(
        'a',
        (context) => {
          signal = context.signal;
          return source.promise;
        },
        { hardTimeout: '100ms' },
      ),
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
