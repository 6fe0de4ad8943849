import {
  type BatchLoader,
  type CacheEntry,
  CacheManager,
  type CacheManagerOptions,
  type CacheNamespace,
  type CacheStore,
  type CircuitState,
  type GetOptions,
  type HealthStatus,
  type LoadContext,
  LocalBus,
  ManualClock,
  MemoryStore,
  type SetOptions,
  type StandardSchema,
  type StoreName,
  type TaggedCache,
} from '@larder/cache-core';
import { describe, expectTypeOf, it } from 'vitest';

interface User {
  readonly id: number;
  readonly name: string;
}

const cache = new CacheManager();
const user: User = { id: 1, name: 'John' };

describe('get', () => {
  it('with a loader is what the loader brings', () => {
    expectTypeOf(cache.get('user:1', () => user)).toEqualTypeOf<Promise<User>>();
    expectTypeOf(cache.get('user:1', async () => user)).toEqualTypeOf<Promise<User>>();
    expectTypeOf(cache.get<User>('user:1', async () => user, { ttl: 60 })).toEqualTypeOf<Promise<User>>();
    expectTypeOf(cache.get('n', () => null)).toEqualTypeOf<Promise<null>>();
    expectTypeOf(cache.get('n', async () => (Math.random() > 0.5 ? user : null))).toEqualTypeOf<
      Promise<User | null>
    >();
  });

  it('is null, never undefined, where the loader may find nothing', () => {
    const found = cache.get('user:1', async (): Promise<User | undefined> => undefined);
    expectTypeOf(found).toEqualTypeOf<Promise<User | null>>();
  });

  it('without a loader may be null', () => {
    expectTypeOf(cache.get('user:1')).toEqualTypeOf<Promise<unknown>>();
    expectTypeOf(cache.get<User>('user:1')).toEqualTypeOf<Promise<User | null>>();
    expectTypeOf(cache.get<User>('user:1', { schema: userSchema })).toEqualTypeOf<Promise<User | null>>();
  });

  it('hands the loader its context', () => {
    void cache.get<User>('user:1', (context) => {
      expectTypeOf(context).toEqualTypeOf<LoadContext>();
      expectTypeOf(context.signal).toEqualTypeOf<AbortSignal>();
      expectTypeOf(context.stale?.value).toEqualTypeOf<unknown>();
      context.setOptions({ ttl: '5m', grace: 60, tags: ['users'] });
      // @ts-expect-error Only what can still be said about a value once it is loaded.
      context.setOptions({ hardTimeout: 5 });
      return user;
    });
  });

  it('infers the value from a loader that looks at its context', () => {
    const found = cache.get('user:1', async ({ signal }) => (signal.aborted ? user : user));
    expectTypeOf(found).toEqualTypeOf<Promise<User>>();
    const entry = cache.getEntry('user:1', (_context) => user);
    expectTypeOf(entry).resolves.toEqualTypeOf<CacheEntry<User> | null>();
  });

  it('refuses options that do not exist', () => {
    // @ts-expect-error A typo.
    void cache.get('a', () => 1, { tll: 5 });
    // @ts-expect-error A Date is no duration.
    void cache.get('a', () => 1, { ttl: new Date() });
    // @ts-expect-error Keys are strings.
    void cache.get(5);
  });
});

const userSchema: StandardSchema<unknown, User> = {
  '~standard': { version: 1, vendor: 'test', validate: () => ({ value: user }) },
};

describe('the other reads', () => {
  it('are typed alike', () => {
    expectTypeOf(cache.peek<User>('a')).toEqualTypeOf<User | undefined>();
    expectTypeOf(cache.has('a')).toEqualTypeOf<Promise<boolean>>();
    expectTypeOf(cache.getEntry<User>('a')).toEqualTypeOf<Promise<CacheEntry<User> | null>>();
    expectTypeOf(cache.getMany<User>(['a'])).toEqualTypeOf<Promise<(User | null)[]>>();
    expectTypeOf(cache.getMany(['a'], (keys) => keys.map(() => user))).toEqualTypeOf<
      Promise<(User | null)[]>
    >();
    expectTypeOf(cache.getMany(['a'], async () => new Map([['a', user]]))).toEqualTypeOf<
      Promise<(User | null)[]>
    >();
    const loader: BatchLoader<User> = (_keys, context) => {
      context.tags(['users'], 'a');
      return new Map();
    };
    void cache.getMany(['a'], loader, { ttl: 5 });
    const frozen: readonly string[] = ['a'];
    void cache.getMany(frozen);
  });
});

describe('the writes', () => {
  it('take durations or options', () => {
    expectTypeOf(cache.set('a', user)).toEqualTypeOf<Promise<void>>();
    void cache.set('a', user, 5);
    void cache.set('a', user, '5m');
    void cache.set('a', user, {
      ttl: '5m',
      tags: ['users'],
      version: 3,
      compress: true,
      jitter: 0.1,
      grace: 5,
      l1Ttl: 1,
    });
    // @ts-expect-error Not an option of a write.
    void cache.set('a', user, { hardTimeout: 5 });
    void cache.setMany([{ key: 'a', value: user, ttl: 5 }]);
    // @ts-expect-error An item has a key.
    void cache.setMany([{ value: user }]);
    void cache.delete('a', { announce: false });
    expectTypeOf(cache.expire('a', '5m')).toEqualTypeOf<Promise<boolean>>();
    expectTypeOf(cache.touch('a')).toEqualTypeOf<Promise<boolean>>();
    expectTypeOf(cache.increment('a', 1, { ttl: 5 })).toEqualTypeOf<Promise<number>>();
  });
});

describe('views', () => {
  it('are caches, and stores', () => {
    expectTypeOf(cache.namespace('users', { ttl: 5, l1: { maxEntries: 5 } })).toEqualTypeOf<CacheNamespace>();
    expectTypeOf(cache.tags(['users'])).toEqualTypeOf<TaggedCache>();
    expectTypeOf<CacheManager>().toExtend<CacheStore>();
    expectTypeOf<CacheNamespace>().toExtend<CacheStore>();
    expectTypeOf<TaggedCache>().toExtend<CacheStore>();
    expectTypeOf<MemoryStore>().toExtend<CacheStore>();
    // @ts-expect-error Views have no close.
    cache.namespace('users').close();
    // @ts-expect-error A namespace has no clock of its own.
    cache.namespace('users', { clock: new ManualClock() });
  });
});

describe('events', () => {
  it('are typed by their names', () => {
    const same = cache.on('hit', (event) => {
      expectTypeOf(event.key).toEqualTypeOf<string>();
      expectTypeOf(event.source).toEqualTypeOf<'l1' | 'l2'>();
    });
    expectTypeOf(same).toEqualTypeOf<CacheManager>();
    cache.once('load', ({ durationMs, ok }) => {
      expectTypeOf(durationMs).toEqualTypeOf<number>();
      expectTypeOf(ok).toEqualTypeOf<boolean>();
    });
    cache.on('breaker', ({ state }) => expectTypeOf(state).toEqualTypeOf<CircuitState>());
    cache.on('error', async ({ error }) => expectTypeOf(error).toExtend<Error>());
    // @ts-expect-error No such event.
    cache.on('hits', () => undefined);
    // @ts-expect-error A miss has no source.
    cache.on('miss', ({ source }) => source);
  });
});

describe('options', () => {
  it('of a manager are the defaults of every call, and where entries live', () => {
    const options: CacheManagerOptions = {
      store: new MemoryStore(),
      bus: new LocalBus(),
      ttl: '1h',
      grace: 60,
      earlyRefresh: 'xfetch',
      retry: { attempts: 2 },
    };
    void new CacheManager(options);
    expectTypeOf<CacheManagerOptions['store']>().toEqualTypeOf<CacheStore | StoreName | undefined>();
    // @ts-expect-error Not a default: it belongs to one call.
    void new CacheManager({ signal: AbortSignal.abort() });
    // @ts-expect-error No such store.
    void new CacheManager({ store: 'mysql' });
    expectTypeOf<SetOptions>().toExtend<Partial<GetOptions>>();
    expectTypeOf(cache.healthCheck()).toEqualTypeOf<Promise<HealthStatus>>();
  });
});

describe("the document's examples", () => {
  it('compile', async () => {
    const documented = new CacheManager({ store: 'redis', prefix: 'app:', ttl: 3600 });
    await documented.set('user:1', { id: 1, name: 'John' });
    const found = await documented.get('user:1');
    expectTypeOf(found).toEqualTypeOf<unknown>();
    await documented.delete('user:1');
    const userData = { id: 1 };
    const taggedCache = documented.tags(['users', 'active']);
    await taggedCache.set('user:1', userData);
    await taggedCache.invalidateTag('users');
    const many: (unknown | null)[] = await documented.getMany(['a']);
    await documented.flush();
    const { status } = await documented.healthCheck();
    const on: CacheManager = documented.on('hit', () => undefined).off('hit', () => undefined);
    expectTypeOf([many, status, on]).toBeArray();
    {
      await using scoped = new CacheManager();
      await scoped.clear();
    }
  });
});
