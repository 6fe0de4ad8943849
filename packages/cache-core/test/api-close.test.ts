import { CacheErrorCode, CacheManager, ManualClock, MemoryStore, systemClock } from '@larder/cache-core';
import { describe, expect, it } from 'vitest';
import { cacheKinds, memoryKind, plainKind, twoTiers } from './cache-kinds.ts';
import { Held, never, watch } from './held.ts';
import { SharedMemory } from './shared-memory.ts';
import { forbidUnhandledRejections } from './unhandled-rejections.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const closed = { code: CacheErrorCode.CLOSED };

forbidUnhandledRejections();

describe.each(cacheKinds)('F39 closing over $name', (kind) => {
  it('every call afterwards rejects at once, on every view', async () => {
    const { cache } = kind.open();
    const views = [cache, cache.namespace('n'), cache.tags(['t'])];
    for (const view of views) await view.set('a', 1);
    await cache.close();
    for (const view of [...views, cache.namespace('later'), cache.tags(['later'])]) {
      const calls = [
        view.get('a'),
        view.get('a', () => 2),
        view.getEntry('a'),
        view.has('a'),
        view.set('a', 1),
        view.delete('a'),
        view.clear(),
        view.getMany(['a']),
        view.setMany([{ key: 'a', value: 1 }]),
        view.deleteMany(['a']),
        view.expire('a'),
        view.touch('a'),
        view.increment('a'),
        view.decrement('a'),
        view.invalidateTag('t'),
        view.invalidateTags(['t']),
        view.connect(),
      ];
      for (const outcome of await Promise.allSettled(calls)) {
        expect(outcome).toMatchObject({ status: 'rejected', reason: closed });
      }
      expect(() => view.peek('a')).toThrow(expect.objectContaining(closed));
      expect(view.isConnected()).toBe(false);
    }
    await expect(cache.flush()).rejects.toMatchObject(closed);
    expect((await cache.healthCheck()).status).toBe('unhealthy');
    expect(cache.stats().sets).toBe(3);
  });

  it('twice is as once, and disposal is the same', async () => {
    const { cache } = kind.open();
    await Promise.all([cache.close(), cache.close(), cache.disconnect(), cache[Symbol.asyncDispose]()]);
    await cache.close();
  });

  it('waits for loads under way, which are kept', async () => {
    const { cache } = kind.open();
    const source = new Held<number>();
    const load = cache.get('a', () => source.promise);
    await turn();
    const closing = watch(cache.close());
    await turn();
    expect(closing.state).toBe('pending');
    source.resolve(1);
    expect(await load).toBe(1);
    await turn();
    await turn();
    expect(closing.state).toBe('resolved');
  });

  it('gives them up at the deadline: callers get CLOSED, loaders are told, what comes late is dropped', async () => {
    const { cache, clock, memory, plain } = kind.open();
    const source = new Held<number>();
    let signal: AbortSignal | undefined;
    const load = watch(
      cache.get('a', (context) => {
        signal = context.signal;
        return source.promise;
      }),
    );
    await turn();
    const closing = watch(cache.close({ deadline: '2s' }));
    await clock.advance(1999);
    expect(closing.state).toBe('pending');
    await clock.advance(1);
    expect(closing.state).toBe('resolved');
    expect(load).toMatchObject({ state: 'rejected', error: closed });
    expect(signal?.aborted).toBe(true);
    source.resolve(1);
    await turn();
    expect(memory?.entries.size ?? plain?.entries.size ?? 0).toBe(0);
    expect(memory?.leases.size ?? 0).toBe(0);
    expect(cache.stats().inFlight).toBe(0);
  });

  it('leaves no timer behind', async () => {
    const { cache, clock } = kind.open({ ttl: 1, grace: 100 });
    await cache.set('a', 1);
    await cache.namespace('n').set('b', 1);
    await clock.advance(1500);
    const source = new Held<number>();
    const read = cache.get('a', () => source.promise);
    await turn();
    source.resolve(1);
    await read;
    await cache.close();
    expect(clock.pendingTimers).toBe(0);
  });

  it.each([[{ deadline: 'soon' }], [{ deadline: -1 }], [{ dedline: 5 }], [5], [null]])(
    'refuses %j, and can still be closed',
    async (options) => {
      const { cache } = kind.open();
      if (options !== null)
        await expect(cache.close(options as never)).rejects.toMatchObject({
          code: CacheErrorCode.INVALID_CONFIGURATION,
        });
      else await cache.close(options as never);
      await cache.close();
      await expect(cache.get('a')).rejects.toMatchObject(closed);
    },
  );
});

describe('F39 a view of a closed cache', () => {
  it('answers nothing while another cache keeps the store and its memory open', async () => {
    const { clock, memory } = twoTiers.open();
    for (const store of [memory!.attach(), new MemoryStore({ clock })]) {
      const [cache, other] = [new CacheManager({ store, clock }), new CacheManager({ store, clock })];
      const [view, same] = [cache.namespace('n'), other.namespace('n')];
      await view.set('a', 1);
      expect(view.peek('a')).toBe(1);
      await cache.close();
      await expect(view.get('a')).rejects.toMatchObject(closed);
      expect(() => view.peek('a')).toThrow(expect.objectContaining(closed));
      expect(same.peek('a')).toBe(1);
      await other.close();
    }
  });
});

describe('F39 a store that does not let go', () => {
  it('a disconnect that hangs holds close no longer than its deadline', async () => {
    const { cache, store, clock } = twoTiers.open();
    store!.disconnect = () => never();
    const closing = watch(cache.close({ deadline: '1s' }));
    await clock.advance(1000);
    expect(closing.state).not.toBe('pending');
  });

  it('a disconnect that fails is told of, once all else is done', async () => {
    const { cache, plain, clock } = plainKind.open();
    plain!.disconnect = () => Promise.reject(new Error('no'));
    await expect(cache.close()).rejects.toThrow('no');
    expect(clock.pendingTimers).toBe(0);
    await expect(cache.get('a')).rejects.toMatchObject(closed);
  });

  it('a bus that hangs or fails does not keep the store open', async () => {
    for (const close of [() => never(), () => Promise.reject(new Error('bus'))]) {
      const { cache, store, clock } = twoTiers.open({
        bus: { announcedByStore: true, subscribe: () => ({ publish: async () => undefined, close }) },
      });
      const closing = watch(cache.close({ deadline: '1s' }));
      await clock.advance(2000);
      expect(closing.state).not.toBe('pending');
      expect(store!.isConnected()).toBe(false);
    }
  });
});

describe('F39 shutdown under load', () => {
  it('a write that has been sent is waited for', async () => {
    const { cache, store, clock, memory } = twoTiers.open();
    store!.before = () => new Promise((resolve) => clock.schedule(resolve, 100));
    const writes = [watch(cache.set('a', 1)), watch(cache.delete('b')), watch(cache.get('c', () => 3))];
    const closing = watch(cache.close());
    await clock.advance(1000);
    expect(writes.map(({ state }) => state)).toEqual(['resolved', 'resolved', 'resolved']);
    expect(closing.state).toBe('resolved');
    expect(memory!.entries.has(':a')).toBe(true);
  });

  it('the last cache on a store closes it, not the first', async () => {
    const { cache, store, clock } = twoTiers.open();
    const other = new CacheManager({ store, clock });
    await cache.close();
    expect(store!.isConnected()).toBe(true);
    expect(await other.get('a', () => 1)).toBe(1);
    await other.close();
    expect(store!.isConnected()).toBe(false);
  });

  it('leases under way go back, so that others need not wait', async () => {
    const { cache, memory, clock } = twoTiers.open();
    void cache.get('a', () => never<number>()).catch(() => undefined);
    await turn();
    expect(memory!.leases.size).toBe(1);
    const closing = watch(cache.close({ deadline: 0 }));
    await clock.advance(0);
    expect(closing.state).toBe('resolved');
    expect(memory!.leases.size).toBe(0);
  });

  it('a memory store that the caller made can be used by the next cache', async () => {
    const clock = new ManualClock();
    const store = new MemoryStore({ clock });
    await new CacheManager({ store }).close();
    const next = new CacheManager({ store });
    await next.connect();
    expect(next.isConnected()).toBe(true);
    await next.set('a', 1);
    expect(await next.get('a')).toBe(1);
  });

  it('await using closes it', async () => {
    const { cache } = memoryKind.open();
    {
      await using inner = cache;
      await inner.set('a', 1);
    }
    await expect(cache.get('a')).rejects.toMatchObject(closed);
  });
});

describe('F39 the process', () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

  it('is not kept alive by a cache, in use, idle or closed', async () => {
    const before = timers();
    const memory = new SharedMemory(systemClock);
    const caches = [new CacheManager({ ttl: 60 }), new CacheManager({ store: memory.attach(), ttl: 60 })];
    for (const cache of caches) {
      await cache.set('a', 1);
      await cache.get('b', () => 1);
      await cache.namespace('n').set('a', 1);
    }
    expect(timers()).toBe(before);
    const hanging = caches.map((cache) =>
      cache.get('c', () => never<number>(), { hardTimeout: '1h' }).catch((error: unknown) => error),
    );
    await turn();
    expect(timers()).toBeGreaterThan(before);
    await Promise.all(caches.map((cache) => cache.close({ deadline: 0 })));
    for (const outcome of await Promise.all(hanging)) expect(outcome).toMatchObject(closed);
    expect(timers()).toBe(before);
  });
});
