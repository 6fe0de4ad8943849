import { describe, expect, it } from 'vitest';
import { failureOf, HeldLoader, median, timed } from './live-loader.ts';
import { Reader } from './live-staleness.ts';
import { BARE, busAlive, heardAll, isBus, isData, type LiveProcess, liveWorld, until } from './live-world.ts';

const world = liveWorld();

/** The deadlines that a cache has by default, and a short one for writes. */
const DEADLINES = { storeTimeout: '250ms', invalidationTimeout: '400ms', maxStaleness: '1s' } as const;
const STORE = { silenceLimit: '1s', connectTimeout: '500ms', writeDelayLimit: '400ms' } as const;
/** How much later than it was set a timer may fire on a busy machine. */
const LATE_MS = 300;

const breakerOf = async ({ cache }: LiveProcess) => (await cache.healthCheck()).breaker?.state;

/** Full service: reads, writes and memory, without anybody having done anything. */
async function fullService(process: LiveProcess): Promise<void> {
  await until(async () => {
    await process.cache.get(`probe ${Math.random()}`, () => 1);
    return (await process.cache.healthCheck()).status === 'healthy';
  }, 'full service');
  await process.cache.set('served', 'again');
  expect(await process.cache.get('served')).toBe('again');
}

const OUTAGES: readonly (readonly [name: string, begin: () => unknown, end: () => unknown])[] = [
  ['stopped (SIGSTOP)', () => world.server.pause(), () => world.server.resume()],
  ['killed', () => world.server.kill(), () => world.server.restart()],
  [
    'refused',
    () => {
      world.proxy.refuse();
      world.proxy.cut();
    },
    () => world.proxy.accept(),
  ],
  ['silent, half open', () => world.proxy.stall(), () => world.proxy.resume()],
];

describe.each(OUTAGES)('Redis %s', (name, begin, end) => {
  const hangs = name.includes('stopped') || name.includes('silent');

  it('F9, F11 a hit in memory under a millisecond, one deadline for the first miss, then the loader alone', async () => {
    const one = await world.serving({ store: STORE, cache: { ...DEADLINES, maxStaleness: '5s' } });
    await one.cache.set('k', 'kept');
    await begin();
    const hits: number[] = [];
    for (let turn = 0; turn < 500; turn++) {
      const { tookMs, value } = await timed(() => one.cache.get('k', () => 'loaded'));
      if (value === 'kept') hits.push(tookMs);
    }
    // Where the connection breaks, memory is not vouched for any more, and is served for D after its load all the same.
    expect(hits.length).toBe(500);
    expect(median(hits)).toBeLessThan(1);
    const first = await timed(() => one.cache.get('cold', () => 'loaded'));
    expect(first.value).toBe('loaded');
    expect(first.tookMs).toBeLessThan(250 + LATE_MS);
    if (hangs) expect(first.tookMs).toBeGreaterThan(240);
    if (hangs) expect(await breakerOf(one)).toBe('open');
    const asked: number[] = [];
    for (let turn = 0; turn < 100; turn++) {
      const { tookMs, value } = await timed(() => one.cache.get(`cold ${turn}`, () => turn));
      expect(value).toBe(turn);
      asked.push(tookMs);
    }
    console.log(
      `G: ${name}: hit ${median(hits).toFixed(3)} ms, first miss ${Math.round(first.tookMs)} ms, next ${median(asked).toFixed(3)} ms`,
    );
    expect(median(asked)).toBeLessThan(5);
    await end();
    await fullService(one);
  });

  it('F10 set, delete and clear reject within their deadline, and memory is purged', async () => {
    const one = await world.serving({ store: STORE, cache: { ...DEADLINES, maxStaleness: '5s' } });
    await one.cache.set('k', 'kept');
    await one.cache.set('tagged', 'kept', { tags: ['t'] });
    await begin();
    const calls = [
      () => one.cache.set('k', 'unsure'),
      () => one.cache.delete('k'),
      () => one.cache.invalidateTag('t'),
      () => one.cache.increment('n'),
      () => one.cache.clear(),
    ];
    const fates = await Promise.all(calls.map((call) => timed(() => failureOf(call()))));
    for (const { tookMs, value } of fates) {
      expect(tookMs).toBeLessThan(400 + LATE_MS);
      expect(value).toMatchObject({ name: 'CacheError', retryable: true });
      const details = value.details as { applied: string };
      if (hangs) expect(value).toMatchObject({ code: 'OPERATION_TIMEOUT', details: { applied: 'unknown' } });
      else expect(['no', 'unknown']).toContain(details.applied);
    }
    expect([one.cache.peek('k'), one.cache.peek('tagged')]).toEqual([undefined, undefined]);
    await end();
    await fullService(one);
    await one.cache.delete('k');
    expect(await one.cache.get('k', () => 'loaded')).toBe('loaded');
  });

  it('F12 back after a while: full service within 2 s', async () => {
    const one = await world.serving({ store: STORE, cache: DEADLINES });
    await begin();
    // Until nothing is hoped for any more: the distances between two attempts have grown.
    const accepted = world.proxy.accepted;
    const beganMs = performance.now();
    await until(async () => {
      expect(await one.cache.get(`k${performance.now()}`, () => 1)).toBe(1);
      return world.proxy.accepted - accepted > 6 || performance.now() - beganMs > 1200;
    }, 'several attempts');
    expect((await one.cache.healthCheck()).status).toBe('degraded');
    await end();
    const { tookMs } = await timed(() => fullService(one));
    console.log(`G: ${name}: full service ${Math.round(tookMs)} ms after its return`);
    expect(tookMs).toBeLessThan(2000);
  });

  it('F12 down at the start: a cache is made and works by its loaders; full service within 2 s of its return', async () => {
    await begin();
    const one = world.open({ store: STORE, cache: DEADLINES });
    expect(await one.cache.get('k', () => 'loaded')).toBe('loaded');
    // In memory it is served for D after its load.
    const hits: number[] = [];
    for (let turn = 0; turn < 50; turn++) {
      const { tookMs, value } = await timed(() => one.cache.get('k', () => 'again'));
      if (value === 'loaded') hits.push(tookMs);
    }
    expect(hits.length).toBeGreaterThan(0);
    expect(median(hits)).toBeLessThan(1);
    expect(await failureOf(one.cache.set('k', 'unsure'))).toMatchObject({
      name: 'CacheError',
      retryable: true,
    });
    const { tookMs: connectMs, value } = await timed(() => failureOf(one.cache.connect()));
    expect(value).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(connectMs).toBeLessThan(500 + 2 * LATE_MS);
    const { tookMs } = await timed(() => one.cache.get('other', () => 'loaded'));
    expect(tookMs).toBeLessThan(250 + LATE_MS);
    expect((await one.cache.healthCheck()).status).toBe('degraded');
    await end();
    const back = await timed(() => fullService(one));
    expect(back.tookMs).toBeLessThan(2000);
  });
});

describe('F10 a write that is carried out late', () => {
  const writes: Readonly<Record<string, (process: LiveProcess) => Promise<unknown>>> = {
    set: ({ cache }) => cache.set('set', 'late'),
    'set many': ({ cache }) => cache.setMany([{ key: 'set many', value: 'late' }]),
    'set of the bare store': ({ store }) => store.set('set of the bare store', 'late'),
    increment: ({ cache }) => cache.increment('increment', 1000),
  };
  const store = { ...STORE, silenceLimit: '10s', operationTimeout: '400ms' } as const;

  it('sets and counts, their bytes in a stalled connection: do not undo newer writes', async () => {
    const keys = Object.keys(writes);
    const one = world.open({ store, cache: { ...DEADLINES, ...BARE } });
    const other = world.open({ direct: true, cache: BARE });
    await one.cache.setMany(keys.map((key) => ({ key, value: 1 })));
    // The server knows the script: it is asked once.
    await one.cache.increment('warm');
    const stall = world.proxy.stall({ direction: 'toServer', only: isData });
    for (const failure of await Promise.all(keys.map((key) => failureOf(writes[key]!(one))))) {
      const cause = (failure.cause ?? failure) as Error;
      expect(cause).toMatchObject({ code: 'OPERATION_TIMEOUT', details: { applied: 'unknown' } });
    }
    await other.cache.setMany(keys.map((key) => ({ key, value: 2 })));
    // Later than anything may be carried out.
    const sentMs = performance.now();
    await until(() => performance.now() - sentMs > 450, 'the limit to pass');
    stall.end();
    await until(async () => (await one.cache.get('set')) === 2, 'the store to be asked again');
    expect(await other.cache.getMany(keys)).toEqual([2, 2, 2, 2]);
  });

  it('a set that waits at a stopped server: carried out late by nobody', async () => {
    const one = world.open({ store, cache: { ...DEADLINES, ...BARE } });
    await one.cache.set('k', 'first');
    await world.server.pause();
    expect(await failureOf(one.cache.set('k', 'late'))).toMatchObject({ code: 'OPERATION_TIMEOUT' });
    const sentMs = performance.now();
    await until(() => performance.now() - sentMs > 450, 'the limit to pass');
    await world.server.resume();
    const other = world.open({ direct: true, cache: BARE });
    await until(async () => (await one.cache.get('k')) !== null, 'the store to be asked again');
    expect(await other.cache.get('k')).toBe('first');
  });

  it('a delete that is carried out after its connection was given up is heard by its own process', async () => {
    const one = await world.serving({
      store: { ...STORE, silenceLimit: '300ms' },
      cache: { ...DEADLINES, maxStaleness: '1m' },
    });
    const other = world.open({ direct: true, cache: BARE });
    await one.cache.set('k', 'value');
    await one.cache.delete('warm');
    const [lost] = world.proxy.connections.filter(isData);
    const stall = world.proxy.stall({ only: (connection) => connection === lost });
    expect(await failureOf(one.cache.delete('k'))).toMatchObject({ details: { applied: 'unknown' } });
    // Another connection has taken over, and the value is read into memory once more.
    await until(
      async () => (await one.cache.get('k')) === 'value' && one.cache.peek('k') === 'value',
      'the new connection',
    );
    stall.end();
    await until(async () => (await other.cache.get('k')) === null, 'the deletion to be carried out');
    await until(() => one.cache.peek('k') === undefined, 'its own process to hear of it');
    expect(await one.cache.get('k', () => 'new')).toBe('new');
  });

  it('what is in doubt is forgotten again when its fate is known', async () => {
    const one = await world.serving({ store, cache: { ...DEADLINES, maxStaleness: '1m' } });
    const other = world.open({ direct: true, cache: BARE });
    await one.cache.set('k', 'value');
    await one.cache.delete('warm');
    const stall = world.proxy.stall({ direction: 'toServer', only: isData });
    expect(await failureOf(one.cache.delete('k'))).toMatchObject({ code: 'OPERATION_TIMEOUT' });
    stall.end();
    await until(async () => (await other.cache.get('k')) === null, 'the deletion to be carried out');
    expect(await one.cache.get('k', () => 'new')).toBe('new');
  });
});

describe('F11 a connection that breaks', () => {
  it.each([1, 7, 100, 5000])(
    'RST in a reply, after %i bytes: the loader answers, then the store again',
    async (bytes) => {
      const one = world.open({ store: STORE, cache: { ...DEADLINES, ...BARE } });
      const other = world.open({ direct: true, cache: BARE });
      await one.cache.set('x', 1);
      await other.cache.set('large', 'v'.repeat(20_000));
      world.proxy.cutAfter(bytes, { only: isData });
      const value = await one.cache.get<string>('large', () => 'loaded');
      expect(['loaded', 'v'.repeat(20_000)]).toContain(value);
      await fullService(one);
      expect(await one.cache.get('large')).toHaveLength(20_000);
    },
  );

  it('RST in the middle of a request: what was not carried out is said to be unknown', async () => {
    const one = world.open({ store: STORE, cache: { ...DEADLINES, ...BARE } });
    const other = world.open({ direct: true, cache: BARE });
    await one.cache.set('k', 'first');
    world.proxy.cutAfter(3000, { direction: 'toServer', only: isData });
    expect(await failureOf(one.cache.set('k', 'v'.repeat(20_000)))).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      retryable: true,
      details: { applied: 'unknown' },
    });
    expect(await other.cache.get('k')).toBe('first');
    await fullService(one);
  });

  it('F20 closed cleanly with requests in flight: all reject at once', async () => {
    const one = world.open({ cache: BARE });
    await one.cache.set('k', 'v');
    world.proxy.stall({ direction: 'toClient', only: isData });
    const reads = Array.from({ length: 50 }, (_, at) => one.cache.get(`k${at}`, () => at));
    const writes = Array.from({ length: 50 }, (_, at) => failureOf(one.cache.set(`w${at}`, at)));
    const before = world.proxy.connections.find(isData)?.bytesToServer ?? 0;
    await until(
      () => (world.proxy.connections.find(isData)?.bytesToServer ?? 0) > before,
      'the requests to be sent',
    );
    const { tookMs } = await timed(async () => {
      world.proxy.end();
      world.proxy.resume({ discard: true });
      expect(await Promise.all(reads)).toEqual(Array.from({ length: 50 }, (_, at) => at));
      for (const failure of await Promise.all(writes)) {
        expect(failure).toMatchObject({ code: 'STORE_UNAVAILABLE', details: { applied: 'unknown' } });
      }
    });
    // The deadline is 5 s here.
    expect(tookMs).toBeLessThan(2000);
  });

  it('byte by byte: every boundary inside of a reply is met', async () => {
    const one = world.open({ cache: BARE });
    // The server knows the scripts.
    await one.cache.set('k', 1, { tags: ['t'] });
    await one.cache.get('x', () => 1);
    await one.cache.invalidateTag('t');
    world.proxy.throttle({ bytes: 1 }, { direction: 'toClient' });
    await one.cache.set('k', { a: [1, 'two'] }, { tags: ['t'] });
    expect(await one.cache.get('k')).toEqual({ a: [1, 'two'] });
    await one.cache.invalidateTag('t');
    expect(await one.cache.get('k', () => 'new')).toBe('new');
  });
});

describe('F13 the server has forgotten everything', () => {
  const losses: readonly (readonly [string, () => unknown])[] = [
    ['FLUSHALL', () => world.server.command('FLUSHALL')],
    ['FLUSHDB', () => world.server.command('FLUSHDB')],
    ['restart, empty', () => world.server.restart()],
  ];

  it.each(losses)(
    '%s: memory is flushed within D, old leases are dead, and it goes on',
    async (_name, lose) => {
      const [one, other] = (await world.many(2, { cache: { maxStaleness: '300ms' } })) as [
        LiveProcess,
        LiveProcess,
      ];
      await one.cache.set('k', 'old');
      await heardAll(one, other);
      expect(await other.cache.get('k')).toBe('old');
      const held = new HeldLoader();
      const early = one.cache.get('loading', held.load);
      await held.begun();
      const reader = new Reader(other, 'k', () => 'loaded');
      await lose();
      const lostMs = performance.now();
      await until(async () => {
        await other.cache.delete('loading').catch(() => undefined);
        return (await other.cache.healthCheck()).status === 'healthy';
      }, 'the other process to be in service');
      await other.cache.delete('loading');
      held.answer('old');
      expect(await early).toBe('old');
      const third = world.open({ direct: true, cache: BARE });
      expect(await third.cache.get('loading')).toBeNull();
      await reader.saw('loaded');
      await reader.stop();
      expect(reader.staleMs('old', lostMs)).toBeLessThan(300 + 60);
      await busAlive(one);
      await other.cache.set('k', 'new');
      await heardAll(other, one);
      expect(await one.cache.get('k')).toBe('new');
    },
  );

  it('without anybody writing, the heartbeat notices and begins anew', async () => {
    const one = await world.serving({ cache: { maxStaleness: '300ms' } });
    await one.cache.set('k', 'old');
    await world.server.command('FLUSHALL');
    await until(() => one.cache.stats().flushes.restarted, 'the loss to be noticed');
    expect(one.cache.peek('k')).toBeUndefined();
    await busAlive(one);
    expect(await world.server.command('EXISTS', world.layout.seq, world.layout.clear)).toBe(2);
  });

  it('the first message of another life of the data shows it at once', async () => {
    const one = await world.serving({ cache: { maxStaleness: '1m' } });
    const other = world.open({ direct: true, cache: BARE });
    await one.cache.set('k', 'old');
    await world.server.command('FLUSHALL');
    await other.cache.set('unrelated', 1);
    await until(() => one.cache.stats().flushes.restarted, 'the flush');
    expect(one.cache.peek('k')).toBeUndefined();
  });

  it('a load that begins another life of the data is heard of at once', async () => {
    const one = await world.serving({ cache: { maxStaleness: Infinity } });
    const other = world.open({ direct: true, cache: BARE });
    await one.cache.set('k', 'old');
    await world.server.command('FLUSHALL');
    await other.cache.get('unrelated', () => 1);
    await until(() => one.cache.stats().flushes.restarted, 'the flush');
    expect(one.cache.peek('k')).toBeUndefined();
  });

  it('SCRIPT FLUSH (F15 NOSCRIPT): nobody notices', async () => {
    const one = world.open({ cache: BARE });
    for (const turn of [1, 2]) {
      await one.cache.set('k', turn);
      await world.server.command('SCRIPT', 'FLUSH');
      expect(await one.cache.get('loaded', () => 1, { refresh: true })).toBe(1);
      await world.server.command('SCRIPT', 'FLUSH');
      await one.cache.delete('k');
    }
    expect(one.cache.stats().storeErrors).toBe(0);
  });
});

describe('F14 the server has gone back in time', () => {
  it('restart from an old snapshot: memory is flushed, all agree again, invalidations win from then on', async () => {
    const [one, other] = (await world.many(2, { cache: { maxStaleness: '300ms' } })) as [
      LiveProcess,
      LiveProcess,
    ];
    await one.cache.set('k', 'yesterday');
    await world.server.saveSnapshot();
    await one.cache.set('k', 'today');
    await heardAll(one, other);
    expect(await other.cache.get('k')).toBe('today');
    const held = new HeldLoader();
    const early = one.cache.get('loading', held.load);
    await held.begun();
    await world.server.restart({ data: 'snapshot' });
    await until(() => one.cache.stats().flushes.closed && other.cache.stats().flushes.closed, 'the flushes');
    await fullService(one);
    await fullService(other);
    await other.cache.delete('loading');
    held.answer('old');
    expect(await early).toBe('old');
    const seen = [await one.cache.get('k', () => 'loaded'), await other.cache.get('k', () => 'loaded')];
    expect(seen[0]).toBe(seen[1]);
    await other.cache.set('k', 'tomorrow');
    await heardAll(other, one);
    expect(await one.cache.get('k')).toBe('tomorrow');
    expect(await one.cache.get('loading', () => 'new')).toBe('new');
  });

  it('a sequence lower than what has been heard: flushed, by heartbeat or message', async () => {
    const one = await world.serving({ cache: { maxStaleness: '300ms' } });
    const longer = await world.serving({ cache: { maxStaleness: '1m' } });
    const other = world.open({ direct: true, cache: BARE });
    for (const process of [one, longer]) await process.cache.set('k', 'old');
    await heardAll(one, longer);
    expect(await longer.cache.get('k')).toBe('old');
    // As a replica that takes over behind the same address, and has not had the last of it.
    const root = String(await world.server.command('GET', world.layout.clear));
    await world.server.command('SET', world.layout.seq, root.slice(13));
    await until(() => one.cache.stats().flushes.rewound, 'the heartbeat to notice');
    await other.cache.set('unrelated', 1);
    await until(() => longer.cache.stats().flushes.rewound, 'the message to show it');
    expect([one.cache.peek('k'), longer.cache.peek('k')]).toEqual([undefined, undefined]);
    await busAlive(one);
    await other.cache.set('k', 'new');
    await until(async () => (await one.cache.get('k')) === 'new', 'the message');
  });
});

describe('F14 another server has taken over', () => {
  it('whose sequence is behind its root stamp: a new life of the data, nothing of the old one is believed', async () => {
    const [one, other] = [
      await world.serving({ cache: { maxStaleness: '1m' } }),
      world.open({ cache: BARE }),
    ];
    await one.cache.set('k', 'old');
    await world.server.command('SET', world.layout.seq, '1000');
    await other.cache.set('unrelated', 1);
    await until(() => one.cache.stats().flushes.restarted, 'the message to show it');
    expect(await one.cache.get('k', () => 'new')).toBe('new');
  });

  it('whose sequence stands where this one stood: the heartbeat notices', async () => {
    const one = await world.serving({ cache: { maxStaleness: '300ms' } });
    await one.cache.set('k', 'old');
    const seq = String(await world.server.command('GET', world.layout.seq));
    await world.server.command('SET', world.layout.clear, `0123456789ab:${seq}`);
    await until(() => one.cache.stats().flushes.restarted, 'the other life to be noticed');
    expect(await one.cache.get('k', () => 'new')).toBe('new');
    await busAlive(one);
  });
});

describe('isolation of the two connections', () => {
  it('the bus alone gone: reads and writes go on, memory is served for D', async () => {
    const one = await world.serving({ cache: { maxStaleness: '300ms' } });
    world.proxy.stall({ only: isBus });
    for (let turn = 0; turn < 2; turn++) {
      await one.cache.set('k', turn);
      expect(await one.cache.get('k')).toBe(turn);
      // What was announced does not come back.
      await until(
        async () => (await one.cache.healthCheck()).status === 'degraded',
        'the loss to be noticed',
      );
    }
    expect(one.cache.stats().storeErrors).toBe(0);
  });
});
