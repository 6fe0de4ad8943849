import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import {
  type CacheError,
  CacheErrorCode,
  CacheManager,
  JSONSerializer,
  systemClock,
} from '@larder/cache-core';
import {
  type Lease,
  type Seen,
  type SharedEntry,
  type SharedStore,
  silentLogger,
} from '@larder/cache-core/store';
import { RedisServer } from '@larder/store-testkit/services';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HEADER_BYTES, readHeader } from '../src/entries/entry-header.ts';
import { createStore, RedisStore, type RedisStoreOptions } from '../src/index.ts';

let server: RedisServer;
let store: RedisStore;
const opened: RedisStore[] = [];

function open(options?: RedisStoreOptions): RedisStore {
  const made = new RedisStore(server.url, options);
  opened.push(made);
  return made;
}

const shared = (of: RedisStore): SharedStore => of.capabilities.shared!;
const draft = (value: unknown, rest: object = {}) => ({
  value,
  ttlMs: 60_000,
  graceMs: 0,
  loadMs: 0,
  stamps: [''],
  tags: [],
  ...rest,
});
const keys = async (): Promise<string[]> => (await server.command<string[]>('KEYS', '*')).toSorted();

beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());
beforeEach(async () => {
  await server.command('FLUSHALL');
  store = open();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.disconnect()));
});

describe('RedisStore, what stands in Redis', () => {
  it('keeps entries, leases and stamps under the documented names', async () => {
    const cache = new CacheManager({ store });
    await cache.set('user:1', 'Ada', { tags: ['people'] });
    await cache.namespace('shop').set('cart', 1);
    expect(await keys()).toStrictEqual([
      'larder:clear',
      'larder:s:n:shop',
      'larder:s:t:people',
      'larder:seq',
      'larder:v:user:1',
      'larder:v@shop:cart',
    ]);
    let during: string[] = [];
    await cache.get('slow', async () => {
      during = await keys();
      return 1;
    });
    expect(during).toContain('larder:l:slow');
    expect(await keys()).not.toContain('larder:l:slow');
    await cache.close();
  });

  it('writes JSON that a person can read', async () => {
    const json = open({ serializer: new JSONSerializer() });
    await json.set('user:1', { name: 'Ada' });
    expect(await server.command<string>('GET', 'larder:v:user:1')).toMatch(/\{"name":"Ada"\}$/);
    await json.set('count', 42);
    expect(await server.command<string>('GET', 'larder:v:count')).toMatch(/=42=42$/);
  });

  it('gives every key with an end a time to live of its own: ttl and grace', async () => {
    await shared(store).write([
      { key: ':a', entry: draft(1, { graceMs: 30_000 }) },
      { key: ':b', entry: draft(1, { ttlMs: Infinity }) },
      { key: ':c', entry: draft(1, { graceMs: Infinity }) },
    ]);
    expect(await server.command<number>('PTTL', 'larder:v:a')).toBeGreaterThan(85_000);
    expect(await server.command<number>('PTTL', 'larder:v:a')).toBeLessThanOrEqual(90_000);
    expect(await server.command('PTTL', 'larder:v:b')).toBe(-1);
    expect(await server.command('PTTL', 'larder:v:c')).toBe(-1);
  });

  it('lets stamps outlive twice every entry that carries them', async () => {
    const day = 86_400_000;
    const tagged = (ttlMs: number) => draft(1, { ttlMs, tags: ['t:x'] });
    await shared(store).write([{ key: ':a', entry: tagged(1000) }]);
    expect(await server.command<number>('PTTL', 'larder:s:t:x')).toBeLessThanOrEqual(day);
    await shared(store).write([{ key: ':a', entry: tagged(10 * day) }]);
    expect(await server.command<number>('PTTL', 'larder:s:t:x')).toBeGreaterThan(19 * day);
    await shared(store).invalidate({ keys: [], stamps: ['t:x'], mode: 'delete' });
    expect(await server.command<number>('PTTL', 'larder:s:t:x')).toBeGreaterThan(19 * day);
    await shared(store).write([{ key: ':a', entry: tagged(Infinity) }]);
    expect(await server.command('PTTL', 'larder:s:t:x')).toBe(-1);
    await shared(store).invalidate({ keys: [], stamps: ['t:x'], mode: 'delete' });
    expect(await server.command('PTTL', 'larder:s:t:x')).toBe(-1);
  });

  it('lets stamps outlive an entry that is given longer to live', async () => {
    const day = 86_400_000;
    const cache = new CacheManager({ store, l1: false, bus: false });
    const shop = cache.namespace('shop');
    await shop.set('k', 1, { tags: ['x'], ttl: '1m' });
    expect(await shop.expire('k', '30d')).toBe(true);
    for (const stamp of ['larder:s:t:x', 'larder:s:n:shop']) {
      expect(await server.command<number>('PTTL', stamp)).toBeGreaterThan(59 * day);
    }
    await cache.close();
  });

  it('writes headers that its reader reads, to the last bit', async () => {
    const versioned = draft('x', { ttlMs: 123_456, graceMs: 789, version: 2 ** 53 - 1, tags: ['t:x'] });
    await shared(store).write([{ key: ':a', entry: versioned }]);
    const bytes = await server.commandBuffer<Buffer>('GET', 'larder:v:a');
    const seq = Number(await server.command<string>('GET', 'larder:seq'));
    expect(readHeader(bytes)).toMatchObject({
      seq,
      flags: 4 + 8,
      ttlMs: 123_456,
      graceMs: 789,
      version: 2 ** 53 - 1,
    });
    for (let bit = 0; bit < HEADER_BYTES * 8; bit += 1) {
      const damaged = Buffer.from(bytes);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      await server.command('SET', 'larder:v:a', damaged);
      const { entries } = await shared(store).read([':a'], { stamps: [''] });
      expect(entries[0]).toHaveProperty('unreadable');
    }
  });

  it('gives back the space of what was cleared, and of nothing else', async () => {
    await server.command('SET', 'larder:vfoo', 'of another program');
    await server.command('SET', 'larder2:v:a', 'of another program');
    await store.setMany(Array.from({ length: 2000 }, (_, index) => ({ key: `k${index}`, value: index })));
    await store.clear();
    await store.set('later', 1);
    await expect.poll(() => server.command('DBSIZE'), { timeout: 5000 }).toBe(5);
    expect(await keys()).toStrictEqual([
      'larder2:v:a',
      'larder:clear',
      'larder:seq',
      'larder:v:later',
      'larder:vfoo',
    ]);
  });

  it('makes its prefix part of the keyPrefix of a client', async () => {
    const { Redis } = await import('ioredis');
    const client = new Redis(server.url, { keyPrefix: 'app:' });
    const prefixed = new RedisStore(client, { prefix: 'cache' });
    await prefixed.set('a', 1);
    expect(await keys()).toContain('app:cache:v:a');
    expect(await prefixed.get('a')).toBe(1);
    const listed: string[] = [];
    for await (const key of prefixed.keys()) listed.push(key);
    expect(listed).toStrictEqual(['a']);
    await prefixed.disconnect();
    expect(await client.ping()).toBe('PONG');
    await client.quit();
  });
});

describe('RedisStore, round trips', () => {
  const counted = async (work: () => Promise<unknown>): Promise<Record<string, number>> => {
    await server.resetCounts();
    await work();
    return Object.fromEntries(await server.commandCounts());
  };

  it('hits with one plain MGET, however many ask in one tick', async () => {
    const cache = new CacheManager({ store, l1: false, bus: false });
    await cache.set('a', 1);
    await cache.get('a');
    expect(await counted(() => cache.get('a'))).toStrictEqual({ mget: 1 });
    expect(
      await counted(() => Promise.all([cache.get('a'), cache.get('b'), cache.getMany(['a', 'c'])])),
    ).toStrictEqual({
      mget: 1,
    });
    await cache.close();
  });

  it('fills, writes and invalidates with one script each', async () => {
    const cache = new CacheManager({ store, l1: false, bus: false });
    await cache.set('warm', 1);
    const { evalsha: scripts, mget: reads } = await counted(() => cache.get('new', () => 1));
    expect({ scripts, reads }).toStrictEqual({ scripts: 2, reads: 1 });
    for (const work of [
      () => cache.set('a', 1, { tags: ['x'] }),
      () => cache.delete('a'),
      () => cache.invalidateTag('x'),
      () => cache.increment('n'),
      () => cache.clear(),
    ]) {
      const { evalsha = 0, eval: evaluated = 0, mget = 0 } = await counted(work);
      expect({ scripts: evalsha, mget }).toStrictEqual({ scripts: 1, mget: 0 });
      expect(evaluated).toBeLessThanOrEqual(1);
    }
    await cache.close();
  });

  it('reads the clock once a second at most, and not at all beside a live bus', async () => {
    await store.get('a');
    const { time = 0 } = await counted(async () => {
      for (let index = 0; index < 50; index++) await store.get('a');
    });
    expect(time).toBeLessThanOrEqual(1);
  });

  it('sends a script again that the server has forgotten (F15)', async () => {
    await store.set('a', 1);
    await server.command('SCRIPT', 'FLUSH');
    await store.set('a', 2);
    expect(await store.get('a')).toBe(2);
  });
});

describe('RedisStore, scripts', () => {
  it('grants a lease on exactly what was seen, be it unreadable (S1)', async () => {
    const ask = async (seen?: Seen) => {
      const request = seen === undefined ? { key: ':a' } : { key: ':a', seen };
      const { answers } = await shared(store).lease([request], { stamps: [''], leaseMs: 1000 });
      return answers[0]!;
    };
    await server.command('SET', 'larder:v:a', 'foreign bytes');
    const [entry] = (await shared(store).read([':a'], { stamps: [''] })).entries;
    expect(await ask()).toHaveProperty('unreadable');
    await server.command('APPEND', 'larder:v:a', '!');
    const newer = await ask(entry!.seen);
    expect(newer).toHaveProperty('unreadable');
    const lease = await ask((newer as SharedEntry).seen);
    expect(lease).toHaveProperty('lease');
    expect(await ask((newer as SharedEntry).seen)).toMatchObject({ held: true });
  });

  it('does not carry out a write that comes too late (F10)', async () => {
    const slow = open({ writeDelayLimit: '50ms' });
    await slow.set('a', 1);
    await server.pause();
    const late = slow.set('a', 2).catch((error: unknown) => error);
    const lateCount = slow.increment('n', 1).catch((error: unknown) => error);
    const resumed = new Promise((resolve) => setTimeout(resolve, 150)).then(() => server.resume());
    for (const failure of [await late, await lateCount]) {
      expect(failure).toMatchObject({ code: CacheErrorCode.OPERATION_TIMEOUT, details: { applied: 'no' } });
    }
    await resumed;
    expect(await slow.get('a')).toBe(1);
    expect(await slow.get('n')).toBeNull();
  });

  it('invalidates although the memory of the server is full, where it cannot store (F15)', async () => {
    const cache = new CacheManager({ store, l1: false, bus: false });
    await cache.set('a', 1, { tags: ['x'] });
    await cache.set('b', 1, { ttl: 60, grace: 60 });
    await server.command('CONFIG', 'SET', 'maxmemory', '1');
    try {
      const refused = await cache.set('c', 1).catch((error: unknown) => error);
      expect(refused).toMatchObject({ code: CacheErrorCode.STORE_FAILED, details: { applied: 'no' } });
      expect(await cache.get('a')).toBe(1);
      expect(await cache.get('d', () => 'loaded')).toBe('loaded');
      await cache.invalidateTag('x');
      expect(await cache.get('a')).toBeNull();
      expect(await cache.expire('b')).toBe(true);
      expect(await cache.getEntry('b')).toMatchObject({ stale: true });
      await cache.delete('b');
      await cache.clear();
    } finally {
      await server.command('CONFIG', 'SET', 'maxmemory', '0');
    }
    await cache.close();
  });

  it('counts from either end of what can be counted exactly', async () => {
    await store.set('n', Number.MAX_SAFE_INTEGER - 1);
    expect(await store.increment('n', 1)).toBe(Number.MAX_SAFE_INTEGER);
    const refused = await store.increment('n', 1).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: CacheErrorCode.INVALID_VALUE, details: { applied: 'no' } });
    expect(await store.increment('n', -Number.MAX_SAFE_INTEGER)).toBe(0);
    expect(await store.get('n')).toBe(0);
    expect(await store.increment('n', Number.MIN_SAFE_INTEGER)).toBe(Number.MIN_SAFE_INTEGER);
    expect(await store.get('n')).toBe(Number.MIN_SAFE_INTEGER);
  });

  it('counts on without changing the end, the tags or what the store has seen', async () => {
    const cache = new CacheManager({ store, l1: false, bus: false });
    await cache.set('n', 1, { ttl: 100, tags: ['x'] });
    const before = (await shared(store).read([':n'], { stamps: [''] })).entries[0] as SharedEntry;
    expect(await cache.increment('n', 1, { ttl: 5 })).toBe(2);
    const after = await cache.getEntry<number>('n');
    expect(after).toMatchObject({ value: 2, tags: ['x'] });
    expect(after!.freshMs).toBeGreaterThan(90_000);
    // Whoever saw 1 may not replace 2.
    const request = { key: ':n', seen: before.seen };
    const { answers } = await shared(store).lease([request], { stamps: [''], leaseMs: 1000 });
    expect(answers[0]).toMatchObject({ value: 2 });
    await cache.close();
  });

  it('sets more keys in one call than one script takes', async () => {
    const items = Array.from({ length: 1300 }, (_, index) => ({ key: `k${index}`, value: index, ttl: 60 }));
    await store.setMany(items);
    expect(await store.getMany(items.map(({ key }) => key))).toStrictEqual(items.map(({ value }) => value));
    await store.deleteMany(items.map(({ key }) => key));
    expect(await server.command('DBSIZE')).toBe(2);
  });

  it('stores the others where one of many cannot be stored (F19)', async () => {
    const small = open({ maxValueBytes: 100 });
    const items = [
      { key: 'a', value: 1 },
      { key: 'b', value: 'x'.repeat(1000) },
      { key: 'c', value: 3 },
    ];
    const error = await small.setMany(items).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: CacheErrorCode.BULK_FAILED, details: { failed: [1] } });
    expect((error as CacheError).cause).toMatchObject({ code: CacheErrorCode.VALUE_TOO_LARGE });
    expect(await small.getMany(['a', 'b', 'c'])).toStrictEqual([1, null, 3]);
  });
});

describe('RedisStore, versions (P6)', () => {
  const get = async (key: string) => {
    const cache = new CacheManager({ store: open(), l1: false, bus: false });
    return cache.get(key);
  };

  it.each<[string, object, object]>([
    ['a new tag', {}, { tags: ['brandnew'] }],
    ['other tags', { tags: ['x'] }, { tags: ['y'] }],
    ['the same tags', { tags: ['x'] }, { tags: ['x'] }],
  ])('a lower one with %s does not replace a higher one', async (_what, first, second) => {
    const cache = new CacheManager({ store, l1: false, bus: false });
    await cache.set('k', 'five', { version: 5, ...first });
    await cache.set('k', 'three', { version: 3, ...second });
    expect(await get('k')).toBe('five');
  });

  it('a lower one whose tag moved after the higher was stored does not replace it', async () => {
    const cache = new CacheManager({ store, l1: false, bus: false });
    await cache.set('k', 'five', { version: 5 });
    await cache.invalidateTag('t');
    await cache.set('k', 'three', { version: 3, tags: ['t'] });
    await cache.set('k', 'six', { version: 6 });
    await cache.setMany([
      { key: 'z', value: 1, tags: ['n2'] },
      { key: 'k', value: 'four', version: 4, tags: ['n2'] },
    ]);
    expect(await get('k')).toBe('six');
  });

  it('a higher one that is dead or cannot be read stands in nobody’s way (P14)', async () => {
    const cache = new CacheManager({ store, l1: false, bus: false });
    await cache.set('dead', 'nine', { version: 9, tags: ['t'] });
    await cache.invalidateTag('t');
    await cache.set('dead', 'five', { version: 5 });
    expect(await get('dead')).toBe('five');
    await cache.setMany(['a', 'b'].map((key) => ({ key, value: key, version: 9 })));
    await server.command('COPY', 'larder:v:a', 'larder:v:b', 'REPLACE');
    await cache.set('b', 'five', { version: 5 });
    expect(await get('b')).toBe('five');
  });

  it('a fill that is outranked ends its lease', async () => {
    const write = (version: number) =>
      shared(store).write([{ key: ':k', entry: draft(version, { version }) }]);
    const { answers } = await shared(store).lease([{ key: ':k' }], { stamps: [''], leaseMs: 60_000 });
    const lease = answers[0] as Lease;
    await write(9);
    await server.command('SET', 'larder:l:k', lease.lease, 'PX', 60_000);
    const [outcome] = await shared(store).fill([{ lease, entry: draft(5, { version: 5 }) }]);
    expect(outcome).toMatchObject({ stored: false });
    expect(await server.command('EXISTS', 'larder:l:k')).toBe(0);
    expect(await get('k')).toBe(9);
  });
});

describe('RedisStore, what a review found', () => {
  it('clears nothing of a store whose prefix continues its own (P17)', async () => {
    const neighbours = await Promise.all(
      ['larder:v1', 'larder:videos'].map(async (prefix) => {
        const made = open({ prefix });
        await made.set('theirs', 1);
        return made;
      }),
    );
    await store.setMany(Array.from({ length: 50 }, (_, index) => ({ key: `k${index}`, value: index })));
    await store.clear();
    await expect.poll(() => server.command('EXISTS', 'larder:v:k1'), { timeout: 5000 }).toBe(0);
    for (const made of neighbours) expect(await made.get('theirs')).toBe(1);
  });

  it('begins a counter anew where what stands there is not of this key, or damaged (P14)', async () => {
    await store.set('a', 41);
    await server.command('COPY', 'larder:v:a', 'larder:v:b');
    expect(await store.get('b')).toBeNull();
    expect(await store.increment('b', 1)).toBe(1);
    expect(await store.get('b')).toBe(1);
    await server.command('SETRANGE', 'larder:v:a', HEADER_BYTES + 20, 'x');
    expect(await store.increment('a', 1)).toBe(1);
    await store.set('c', 41, 100);
    expect(await store.increment('c', 1, 5)).toBe(42);
    expect(await store.ttl('c')).toBeGreaterThan(90);
  });

  it('never leaves a counter without its end', async () => {
    const limits = Array.from({ length: 20 }, (_, index) => `limit${index}`);
    const endMs = performance.now() + 120;
    await Promise.all(
      limits.map(async (key) => {
        while (performance.now() < endMs) await store.increment(key, 1, 0.02);
      }),
    );
    const left = await Promise.all(limits.map((key) => server.command('PTTL', `larder:v:${key}`)));
    expect(left).not.toContain(-1);
  });

  it.each(['ab:5', `${'a'.repeat(12)}:9999999999999999999999`, 'x'])(
    'begins anew where the root stamp is %j (F17)',
    async (damaged) => {
      await store.set('a', 1);
      await server.command('SET', 'larder:clear', damaged);
      await store.set('a', 2);
      expect(await store.get('a')).toBe(2);
    },
  );

  it('takes a stamp that is ahead of the sequence for missing', async () => {
    const cache = new CacheManager({ store, l1: false, bus: false });
    await cache.set('k', 1, { tags: ['t'] });
    const epoch = String(await server.command('GET', 'larder:clear')).split(':')[0];
    await server.command('SET', 'larder:s:t:t', `${epoch}:9007199254740000`);
    await cache.set('k', 2, { tags: ['t'] });
    expect(await cache.get('k')).toBe(2);
  });

  it('stores all of a batch that names a tag which nobody has had', async () => {
    const cache = new CacheManager({ store, l1: false, bus: false });
    const asked: number[] = [];
    const load = () =>
      cache.getMany(['a', 'b', 'c'], (keys, context) => {
        asked.push(keys.length);
        context.tags(['fresh']);
        return new Map(keys.map((key) => [key, key]));
      });
    expect(await load()).toStrictEqual(['a', 'b', 'c']);
    expect(await load()).toStrictEqual(['a', 'b', 'c']);
    expect(asked).toStrictEqual([3]);
  });

  it('reads more keys than one command takes', async () => {
    const items = Array.from({ length: 1200 }, (_, index) => ({ key: `k${index}`, value: index }));
    await store.setMany(items);
    await server.resetCounts();
    expect(await store.getMany(items.map(({ key }) => key))).toStrictEqual(items.map(({ value }) => value));
    expect((await server.commandCounts()).get('mget')).toBe(3);
  });

  it.each([0, 1, 3, 5, 7, 9])(
    'a cache made while the last one closes works (%d turns later)',
    async (turns) => {
      const first = new CacheManager({ store });
      await first.set('k', 1);
      const closing = first.close();
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      const second = new CacheManager({ store });
      await closing;
      await expect
        .poll(
          () =>
            second.set('k', 2).then(
              () => true,
              () => false,
            ),
          { timeout: 2000 },
        )
        .toBe(true);
      await second.close();
      expect(store.isConnected()).toBe(false);
    },
  );
});

describe('createStore', () => {
  it('makes the store of a cache that is told its name, from the environment', () => {
    // Against dist, where packages find one another as they do for a user.
    const program = `
      import { CacheManager } from '@larder/cache-core';
      const cache = new CacheManager({ store: 'redis', prefix: 'app:', ttl: 3600 });
      await cache.set('user:1', { id: 1, name: 'John' });
      const found = [await cache.get('user:1')];
      await cache.delete('user:1');
      found.push(await cache.get('user:1'));
      await cache.close();
      console.log(JSON.stringify(found));
    `;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      env: { ...process.env, REDIS_URL: server.url },
      encoding: 'utf8',
    });
    expect(stdout, `Is dist built (npm run build)? ${stderr}`).toBe('[{"id":1,"name":"John"},null]\n');
  });

  it('takes a connection, and the rest as the cache has it', async () => {
    const options = { connection: server.url, prefix: 'app:', clock: systemClock, logger: silentLogger };
    const cache = new CacheManager({ store: createStore(options) });
    await cache.set('a', 1);
    expect(await keys()).toContain('app:v:a');
    await cache.close();
  });

  it('refuses a cluster', () => {
    const options = { prefix: 'x:', cluster: {}, clock: undefined as never, logger: undefined as never };
    expect(() => createStore(options)).toThrow(/Cluster is not supported yet/);
  });
});
