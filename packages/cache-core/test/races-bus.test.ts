import { CacheManager, type CacheView, LocalBus, ManualClock } from '@larder/cache-core';
import type { BusMessage, BusSubscriber, InvalidationBus } from '@larder/cache-core/store';
import { describe, expect, it } from 'vitest';
import { ManualLoader, Processes } from './races-processes.ts';
import { Steps, settled } from './schedule-steps.ts';
import { SlowPlainStore } from './schedule-stores.ts';

/** A bus beside the store, on which the engine itself publishes; its messages wait until they are let through. */
class SlowBus implements InvalidationBus {
  readonly announcedByStore = false;
  readonly sent: BusMessage[] = [];
  readonly #subscribers = new Set<BusSubscriber>();
  readonly #waiting: (() => void)[] = [];

  subscribe(subscriber: BusSubscriber) {
    this.#subscribers.add(subscriber);
    subscriber.alive(Number.POSITIVE_INFINITY);
    return {
      publish: async (message: BusMessage) => {
        this.sent.push(message);
        for (const other of this.#subscribers) {
          if (other !== subscriber) this.#waiting.push(() => other.invalidated(message));
        }
      },
      close: async () => {
        this.#subscribers.delete(subscriber);
      },
    };
  }

  deliver(): void {
    for (const arrive of this.#waiting.splice(0)) arrive();
  }
}

const MUTATIONS: Readonly<Record<string, (cache: CacheView) => Promise<unknown>>> = {
  set: (cache) => cache.set('k', 2),
  'set with ttl 0': (cache) => cache.set('k', 2, 0),
  delete: (cache) => cache.delete('k'),
  deleteMany: (cache) => cache.deleteMany(['k']),
  expire: (cache) => cache.expire('k'),
  'expire with a time': (cache) => cache.expire('k', '1h'),
  touch: (cache) => cache.touch('k'),
  increment: (cache) => cache.increment('k'),
  invalidateTag: (cache) => cache.invalidateTag('t'),
  clear: (cache) => cache.clear(),
};
const CASES = Object.entries(MUTATIONS);

async function twoOnABus() {
  const processes = new Processes();
  const bus = new SlowBus();
  const [one, other] = [processes.start({ bus }), processes.start({ bus })];
  await one.cache.set('k', 1, { tags: ['t'], ttl: '2h' });
  bus.deliver();
  expect(await other.cache.get('k')).toBe(1);
  bus.sent.length = 0;
  return { processes, bus, one, other };
}

describe.each(CASES)('P3 on a bus that was passed, %s', (_name, mutate) => {
  it('is announced', async () => {
    const { bus, one, other } = await twoOnABus();
    await mutate(one.cache);
    expect(other.cache.peek('k')).toBe(1);
    bus.deliver();
    expect(other.cache.peek('k')).toBeUndefined();
    expect(await other.cache.get('k')).toBe(await one.cache.get('k'));
  });

  it('P4 is announced also where its outcome is not known', async () => {
    const { bus, one, other } = await twoOnABus();
    one.store.after = (operation) => {
      if (operation !== 'read') throw new Error('connection lost');
    };
    await expect(mutate(one.cache)).rejects.toThrow();
    await settled();
    bus.deliver();
    expect(other.cache.peek('k')).toBeUndefined();
  });
});

describe('a bus that was passed', () => {
  it('P4 tells of what takes place after its deadline', async () => {
    const { processes, bus, one, other } = await twoOnABus();
    one.store.before = (operation) =>
      operation === 'invalidate' ? processes.steps.wait(operation) : undefined;
    const deleting = one.cache.delete('k').catch((error: unknown) => error);
    await processes.clock.advance(1000);
    expect(await deleting).toBeInstanceOf(Error);
    bus.deliver();
    expect(await other.cache.get('k')).toBe(1);
    await processes.steps.goAll();
    bus.deliver();
    expect(other.cache.peek('k')).toBeUndefined();
  });

  it('whose publishing fails: the mutation rejects, and has happened', async () => {
    const { one } = await twoOnABus();
    const failing: InvalidationBus = {
      announcedByStore: false,
      subscribe: (subscriber) => {
        subscriber.alive(Number.POSITIVE_INFINITY);
        return { publish: () => Promise.reject(new Error('bus down')), close: async () => undefined };
      },
    };
    const cache = new CacheManager({ clock: new ManualClock(), bus: failing });
    await expect(cache.set('k', 1)).rejects.toThrow();
    await expect(cache.delete('k')).rejects.toThrow();
    expect(cache.peek('k')).toBeUndefined();
    expect(await one.cache.get('k')).toBe(1);
  });
});

describe('over a store of seven methods with a bus', () => {
  it('P3 two processes with memories of their own hear of one another', async () => {
    const clock = new ManualClock();
    const steps = new Steps();
    const bus = new LocalBus();
    const entries = new Map<string, unknown>();
    const start = () => new CacheManager({ store: new SlowPlainStore(steps, entries), bus, clock });
    const [one, other] = [start(), start()];
    const done = async <T>(work: Promise<T>): Promise<T> => {
      await steps.goAll();
      return work;
    };
    await done(one.set('k', 'old'));
    expect(await done(other.get('k'))).toBe('old');
    const loader = new ManualLoader<string>();
    await done(one.set('k', 'new'));
    expect(other.peek('k')).toBeUndefined();
    expect(await done(other.get('k'))).toBe('new');
    await done(one.delete('k'));
    const loading = other.get('k', loader.load);
    await steps.goAll();
    await done(one.delete('k'));
    loader.end('old');
    await done(loading);
    expect(other.peek('k')).toBeUndefined();
  });
});
