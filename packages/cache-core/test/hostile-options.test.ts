import { CacheErrorCode, CacheManager } from '@larder/cache-core';
import { describe, expect, it } from 'vitest';
import { cacheKinds, memoryKind } from './cache-kinds.ts';
import { badDurations, badValues, goodDurations, goodValues, trickyValues } from './hostile-input.ts';
import { forbidUnhandledRejections } from './unhandled-rejections.ts';

forbidUnhandledRejections();

const refused = { code: CacheErrorCode.INVALID_CONFIGURATION };
const shown = (value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : String(value));

const DURATIONS = [
  'ttl',
  'grace',
  'l1Ttl',
  'softTimeout',
  'hardTimeout',
  'stallTimeout',
  'leaseWait',
  'errorTtl',
  'errorBackoff',
];
const NO_SHARES = [-0.1, 1.1, Number.NaN, Infinity, '0.1', null, true, {}];
const WRONG: readonly (readonly [string, readonly unknown[]])[] = [
  ...DURATIONS.map((name) => [name, badDurations.filter((value) => value !== null)] as const),
  ['jitter', NO_SHARES],
  ['earlyRefresh', [0, 1, -1, 2, Number.NaN, 'yes', true, null, {}]],
  ['tags', ['a', [''], [5], null, {}, new Set(['a'])]],
  ['version', [-1, 1.5, Number.NaN, Infinity, '1', 1n, null]],
  ['compress', [0, 1, 'yes', null, {}]],
  ['refresh', [0, 1, 'yes', null]],
  [
    'retry',
    [
      5,
      'twice',
      null,
      [],
      { attempts: -1 },
      { attempts: 1.5 },
      { delay: 'soon' },
      { factor: 0.5 },
      { jitter: 2 },
      { retryable: true },
      { tries: 3 },
    ],
  ],
  ['schema', [5, {}, null, () => true, { '~standard': {} }]],
  ['signal', [5, {}, null, new AbortController()]],
];

describe.each(cacheKinds)('hostile options over $name', (kind) => {
  it.each(WRONG)('%s of a wrong kind is refused, before the loader is called', async (name, values) => {
    const { cache, memory, plain } = kind.open();
    let loads = 0;
    for (const value of values) {
      const call = cache.get('a', () => ++loads, { [name]: value } as never);
      await expect(call, `${name}: ${shown(value)}`).rejects.toMatchObject(refused);
    }
    expect(loads).toBe(0);
    expect(memory?.log ?? plain?.log ?? []).toEqual([]);
  });

  it('a name that does not exist is refused, with the one that was meant', async () => {
    const { cache } = kind.open();
    const calls = [
      cache.get('a', () => 1, { tll: 5 } as never),
      cache.get('a', { gracee: 5 } as never),
      cache.getEntry('a', { tll: 5 } as never),
      cache.getMany(['a'], { tll: 5 } as never),
      cache.set('a', 1, { tll: 5 } as never),
      cache.setMany([{ key: 'a', value: 1, tll: 5 } as never]),
      cache.increment('a', 1, { tll: 5 } as never),
      cache.delete('a', { anounce: false } as never),
      cache.deleteMany(['a'], { anounce: false } as never),
      cache.clear({ anounce: false } as never),
      cache.invalidateTag('a', { anounce: false } as never),
      cache.delete('a', { announce: 'no' } as never),
      cache.delete('a', 5 as never),
    ];
    for (const outcome of await Promise.allSettled(calls))
      expect(outcome).toMatchObject({ status: 'rejected', reason: refused });
    await expect(calls[0]).rejects.toThrow("'ttl'");
  });

  it.each([[5], ['text'], [true], [Symbol('x')]])(
    '%s instead of options or loader is refused',
    async (options) => {
      const { cache } = kind.open();
      await cache.set('hit', 1);
      const calls = [
        cache.get('a', options as never),
        cache.get('hit', options as never),
        cache.get('hit', () => 1, options as never),
        cache.getMany(['a'], options as never),
        cache.getEntry('a', options as never),
      ];
      for (const outcome of await Promise.allSettled(calls))
        expect(outcome).toMatchObject({ status: 'rejected', reason: refused });
    },
  );

  it('what belongs to reads alone is refused in writes, not ignored', async () => {
    const { cache } = kind.open();
    for (const options of [
      { hardTimeout: 5 },
      { refresh: true },
      { softTimeout: 5 },
      { earlyRefresh: 0.5 },
    ]) {
      const calls = [cache.set('a', 1, options as never), cache.increment('a', 1, options as never)];
      for (const outcome of await Promise.allSettled(calls))
        expect(outcome).toMatchObject({ status: 'rejected', reason: refused });
    }
  });

  it('getters that throw, and proxies, are refused and never throw into the call', async () => {
    const { cache } = kind.open();
    await cache.set('hit', 1);
    const throwing = {
      get ttl(): number {
        throw new Error('read');
      },
      get refresh(): boolean {
        throw new Error('read');
      },
    };
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    for (const options of [throwing, revoked.proxy]) {
      for (const key of ['hit', 'miss']) {
        await expect(cache.get(key, () => 1, options as never)).rejects.toMatchObject(refused);
        await expect(cache.get(key, options as never)).rejects.toMatchObject(refused);
      }
      await expect(cache.set('a', 1, options)).rejects.toMatchObject(refused);
      await expect(cache.delete('a', options as never)).rejects.toMatchObject(refused);
      expect(() => cache.namespace('n', options)).toThrow(expect.objectContaining(refused));
    }
  });

  it('an options object that is changed later changes nothing', async () => {
    const options = { ttl: 10, tags: ['t'] };
    const { cache, clock } = kind.open(options);
    const inner = cache.namespace('n', options);
    await cache.set('a', 1, options);
    await inner.set('a', 1);
    options.ttl = 1;
    options.tags.push('late');
    await cache.set('b', 1);
    await inner.set('b', 1);
    await clock.advance(5000);
    await cache.invalidateTag('late');
    expect([await cache.get('a'), await cache.get('b'), await inner.get('a'), await inner.get('b')]).toEqual([
      1, 1, 1, 1,
    ]);
  });

  it('frozen options and options without a prototype work', async () => {
    const { cache } = kind.open();
    const bare = Object.assign(Object.create(null), { ttl: 5 });
    expect(await cache.get('a', () => 1, Object.freeze({ ttl: 5 }))).toBe(1);
    expect(await cache.get('b', () => 1, bare)).toBe(1);
    expect(await cache.get('c', () => 1, null as never)).toBe(1);
    expect(await cache.get('c', null as never)).toBe(1);
  });

  it.each(goodDurations)('a ttl of %s is %d ms', async (ttl, ms) => {
    const { cache } = kind.open({ l1: kind.l1 ? { sweepInterval: Infinity } : false });
    const entry = await cache.getEntry('a', () => 1, { ttl });
    expect(entry?.freshMs).toBe(ms);
  });

  it.each([2 ** 31, 2 ** 40, Infinity])('a time-out of %d seconds does not fire at once', async (seconds) => {
    const { cache, clock } = kind.open();
    const options = { hardTimeout: seconds, softTimeout: seconds, stallTimeout: seconds, leaseWait: seconds };
    const read = cache.get(
      'a',
      () => new Promise<number>((resolve) => clock.schedule(() => resolve(1), 1000)),
      options,
    );
    await clock.advance(1000);
    expect(await read).toBe(1);
  });

  it.each(badValues)('%s is refused as a value, before any I/O', async (_name, value) => {
    const { cache, memory, plain } = kind.open();
    await expect(cache.set('a', value)).rejects.toMatchObject({ code: CacheErrorCode.INVALID_VALUE });
    await expect(
      cache.setMany([
        { key: 'b', value: 1 },
        { key: 'a', value },
      ]),
    ).rejects.toMatchObject({ code: CacheErrorCode.INVALID_VALUE });
    expect(memory?.log ?? plain?.log ?? []).toEqual([]);
  });

  it.each(goodValues)('%s comes back as it was', async (name, value) => {
    if (value === null && kind.name === 'a plain store') return;
    const { cache } = kind.open();
    await cache.set('a', value, name === 'null' ? undefined : 5);
    expect(await cache.get('a')).toBe(value);
    expect(await cache.get('b', () => value)).toBe(value);
    expect(await cache.get('b')).toBe(value);
  });

  it('values that do harm when looked at are held, or refused with a typed error', async () => {
    const { cache } = kind.open();
    for (const [name, value] of trickyValues()) {
      const outcome = await cache.set(name, value).then(
        () => 'kept',
        (error: { code?: string }) => error.code,
      );
      expect(['kept', CacheErrorCode.INVALID_VALUE], name).toContain(outcome);
      const kept = cache.stats();
      expect(Number.isSafeInteger(kept.bytes), name).toBe(true);
    }
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

describe('hostile options of a manager', () => {
  const wrong: readonly (readonly [string, readonly unknown[]])[] = [
    ...WRONG.filter(([name]) => !['signal', 'refresh', 'version'].includes(name)),
    ['maxStaleness', [...badDurations.filter((value) => value !== null), 0]],
    ['storeTimeout', [...badDurations.filter((value) => value !== null), 0]],
    ['invalidationTimeout', [...badDurations.filter((value) => value !== null), 0]],
    ['maxInFlight', [0, -1, 1.5, Number.NaN, '5', null]],
    ['maxConcurrentLoads', [0, -1, 1.5, Number.NaN, '5', null]],
    [
      'l1',
      [
        5,
        'yes',
        null,
        [],
        { maxEntries: 0 },
        { maxBytes: -1 },
        { maxBytes: '10 megabytes' },
        { isolation: 'none' },
        { max: 5 },
        { sizeOf: 5 },
        { maxTags: 0 },
      ],
    ],
    ['bus', [5, 'redis://h', null, {}, true]],
    ['clock', [5, {}, null, Date]],
    ['logger', [5, {}, null, { warn: () => undefined }, () => undefined]],
    ['prefix', ['', 5, null, '\ud800', {}]],
    ['signal', [new AbortController().signal]],
    ['refresh', [true]],
    ['version', [1]],
    ['max', [5]],
    ['TTL', [5]],
  ];

  it.each(wrong)('%s of a wrong kind is refused by the constructor', (name, values) => {
    for (const value of values) {
      expect(() => new CacheManager({ [name]: value } as never), `${name}: ${shown(value)}`).toThrow(
        expect.objectContaining(refused),
      );
    }
  });

  it.each([[5], ['redis'], [null], [[]], [() => undefined]])(
    '%s instead of options is refused',
    (options) => {
      expect(() => new CacheManager(options as never)).toThrow(expect.objectContaining(refused));
    },
  );

  it('undefined counts as left out', () => {
    const { cache } = memoryKind.open({
      ttl: undefined,
      l1: undefined,
      logger: undefined,
      prefix: undefined,
    });
    expect(cache).toBeInstanceOf(CacheManager);
  });
});
