import { describe, expect, it } from 'vitest';
import { cacheKinds, sharedKinds, twoTiers } from './cache-kinds.ts';
import { Held, never, watch } from './held.ts';
import { forbidUnhandledRejections } from './unhandled-rejections.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

forbidUnhandledRejections();

describe.each(cacheKinds)('a signal over $name', (kind) => {
  it('frees its caller alone; the load goes on for the others', async () => {
    const { cache } = kind.open();
    const source = new Held<number>();
    const leaving = new AbortController();
    let signal: AbortSignal | undefined;
    const loader = (context: { signal: AbortSignal }) => {
      signal = context.signal;
      return source.promise;
    };
    const one = watch(cache.get('a', loader, { signal: leaving.signal }));
    const other = cache.get('a', loader);
    await turn();
    leaving.abort(new Error('left'));
    await turn();
    expect(one).toMatchObject({ state: 'rejected', error: { message: 'left' } });
    expect(signal?.aborted).toBe(false);
    source.resolve(1);
    expect(await other).toBe(1);
    expect(await cache.get('a')).toBe(1);
  });

  it('the load is aborted when the last has left, and nothing of it is kept', async () => {
    const { cache, memory } = kind.open();
    const source = new Held<number>();
    const [first, second] = [new AbortController(), new AbortController()];
    let signal: AbortSignal | undefined;
    const loader = (context: { signal: AbortSignal }) => {
      signal = context.signal;
      return source.promise;
    };
    const seen = [first, second].map((controller) =>
      watch(cache.get('a', loader, { signal: controller.signal })),
    );
    await turn();
    first.abort();
    await turn();
    expect(signal?.aborted).toBe(false);
    second.abort();
    await turn();
    expect(signal?.aborted).toBe(true);
    expect(seen.map(({ state }) => state)).toEqual(['rejected', 'rejected']);
    source.resolve(1);
    await turn();
    expect(await cache.get('a')).toBeNull();
    expect(cache.stats().inFlight).toBe(0);
    await cache.flush();
    expect(memory?.leases.size ?? 0).toBe(0);
  });

  it('a loader that ignores its signal holds nothing once the last has left', async () => {
    const { cache, memory, clock } = kind.open();
    const leaving = new AbortController();
    const seen = watch(cache.get('a', () => never<number>(), { signal: leaving.signal }));
    await turn();
    leaving.abort();
    await turn();
    await clock.advance(5000);
    expect(seen.state).toBe('rejected');
    expect(memory?.held(':a')).toBeUndefined();
    expect(memory?.log.filter((operation) => operation === 'renew') ?? []).toEqual([]);
    expect(await cache.get('a', () => 2)).toBe(2);
    await cache.flush();
  });

  it('that is aborted already rejects, and neither loads nor answers a hit', async () => {
    const { cache } = kind.open();
    await cache.set('a', 1);
    const signal = AbortSignal.abort(new Error('left'));
    let loads = 0;
    for (const call of [
      cache.get('a', { signal }),
      cache.get('b', () => ++loads, { signal }),
      cache.getEntry('a', { signal }),
      cache.getMany(['a', 'b'], () => [++loads, ++loads], { signal }),
    ]) {
      await expect(call).rejects.toThrow('left');
    }
    expect(loads).toBe(0);
  });

  it('frees a caller of getMany; the loader is told when all its keys are given up', async () => {
    const { cache } = kind.open();
    const leaving = new AbortController();
    let signal: AbortSignal | undefined;
    const many = watch(
      cache.getMany(
        ['a', 'b'],
        (_keys, context) => {
          signal = context.signal;
          return never<number[]>();
        },
        { signal: leaving.signal },
      ),
    );
    await turn();
    leaving.abort(new Error('left'));
    await turn();
    await turn();
    expect(many).toMatchObject({ state: 'rejected', error: { message: 'left' } });
    expect(signal?.aborted).toBe(true);
    expect(cache.stats().inFlight).toBe(0);
    await cache.flush();
  });

  it('leaves no listener behind', async () => {
    const { cache } = kind.open();
    const { signal } = new AbortController();
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = ((...args: Parameters<typeof add>) => {
      listeners += 1;
      add(...args);
    }) as typeof add;
    signal.removeEventListener = ((...args: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...args);
    }) as typeof remove;
    await cache.get('a', async () => 1, { signal });
    await cache.get('a', async () => 1, { signal });
    await cache.getMany(['a', 'b'], async () => [1], { signal });
    await cache.get('c', () => Promise.reject(new Error('no')), { signal }).catch(() => undefined);
    await turn();
    expect(listeners).toBe(0);
  });
});

describe.each(sharedKinds)('a signal and a stale value over $name', (kind) => {
  it('a refresh that serves others goes on when its first caller leaves', async () => {
    const { cache, clock } = kind.open({ ttl: 1, grace: 10 });
    await cache.set('a', 'old');
    await clock.advance(1500);
    const leaving = new AbortController();
    const source = new Held<string>();
    expect(await cache.get('a', () => source.promise, { signal: leaving.signal })).toBe('old');
    leaving.abort();
    source.resolve('new');
    await cache.flush();
    expect(await cache.get('a')).toBe('new');
  });
});

describe.each(sharedKinds)('a signal of one who joins a refresh over $name', (kind) => {
  it('does not end the refresh when he leaves', async () => {
    const { cache, clock } = kind.open({ ttl: 1, grace: 10 });
    await cache.set('a', 'old');
    await clock.advance(1500);
    const source = new Held<string>();
    expect(await cache.get('a', () => source.promise)).toBe('old');
    const leaving = new AbortController();
    const joined = watch(cache.get('a', () => source.promise, { refresh: true, signal: leaving.signal }));
    await turn();
    leaving.abort();
    await turn();
    expect(joined.state).toBe('rejected');
    source.resolve('new');
    await cache.flush();
    expect(await cache.get('a')).toBe('new');
  });
});

describe.each(cacheKinds)('a loader that aborts its own caller, over $name', (kind) => {
  it('frees him, and nothing is left behind', async () => {
    const { cache } = kind.open();
    const leaving = new AbortController();
    const loader = async () => {
      leaving.abort(new Error('left'));
      return 1;
    };
    await expect(cache.get('a', loader, { signal: leaving.signal })).rejects.toThrow('left');
    await turn();
    expect(cache.stats().inFlight).toBe(0);
    expect(await cache.get('a')).toBeNull();
  });
});

describe('a signal while the store is asked', () => {
  it('frees at once', async () => {
    const { cache, store, clock } = twoTiers.open();
    store!.before = () => never();
    const leaving = new AbortController();
    const seen = watch(cache.get('a', () => 1, { signal: leaving.signal }));
    await turn();
    leaving.abort(new Error('left'));
    await turn();
    expect(seen).toMatchObject({ state: 'rejected', error: { message: 'left' } });
    const closing = cache.close();
    await clock.advance(250);
    await closing;
  });
});
