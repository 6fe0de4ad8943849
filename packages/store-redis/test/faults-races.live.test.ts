import { describe, expect, it } from 'vitest';
import { failureOf, HeldLoader, timed } from './live-loader.ts';
import { BARE, busAlive, heardAll, isData, type LiveProcess, liveWorld, until } from './live-world.ts';

const world = liveWorld();

type Invalidation = readonly [name: string, invalidate: (process: LiveProcess) => Promise<unknown>];

const INVALIDATIONS: readonly Invalidation[] = [
  ['delete', ({ cache }) => cache.delete('k')],
  ['deleteMany', ({ cache }) => cache.deleteMany(['x', 'k'])],
  ['expire', ({ cache }) => cache.expire('k')],
  ['a tag', ({ cache }) => cache.invalidateTag('t')],
  ['several tags', ({ cache }) => cache.invalidateTags(['u', 't'])],
  ['clear', ({ cache }) => cache.clear()],
];
/** Those by which a flight is unlinked at once; with a tag the next caller waits for it, and then loads anew. */
const UNLINKING = ['delete', 'deleteMany', 'expire', 'clear'];

describe.each(INVALIDATIONS)('%s', (name, invalidate) => {
  const options = { tags: ['t'] };

  it('F1 beats a load that began before, in memory and in the store', async () => {
    const { cache, store } = await world.serving();
    const held = new HeldLoader();
    const early = cache.get('k', held.load, options);
    await held.begun();
    await invalidate({ cache, store });
    // F3: who comes after the acknowledgement does not get what the old load brings.
    const late = cache.get('k', () => 'new', options);
    if (UNLINKING.includes(name)) expect(await late).toBe('new');
    held.answer('old');
    expect(await early).toBe('old');
    expect(await late).toBe('new');
    expect(await cache.get('k', () => 'never', options)).toBe('new');
    const other = world.open({ cache: BARE });
    expect(await other.cache.get('k', () => 'never', options)).toBe('new');
  });

  it('F2 the same from another process, by the lease and the stamps alone', async () => {
    const [one, other] = [world.open({ cache: BARE }), world.open({ cache: BARE })];
    await one.cache.set('x', 0, options);
    const held = new HeldLoader();
    const early = one.cache.get('k', held.load, options);
    await held.begun();
    await invalidate(other);
    held.answer('old');
    expect(await early).toBe('old');
    expect(one.cache.stats().refusedFills).toBe(1);
    expect(await other.cache.get('k', () => 'new', options)).toBe('new');
    expect(await one.cache.get('k', () => 'never', options)).toBe('new');
  });

  it('F2 the same with the bus: what is in memory goes, too', async () => {
    const [one, other] = (await world.many(2)) as [LiveProcess, LiveProcess];
    await one.cache.set('k', 'old', options);
    expect(one.cache.peek('k')).toBe('old');
    await invalidate(other);
    await heardAll(other, one);
    expect(one.cache.peek('k')).toBeUndefined();
    expect(await one.cache.get('k', () => 'new', options)).toBe('new');
  });
});

describe('F1, F2', () => {
  it('a set beats a load that began before, here and elsewhere', async () => {
    const [one, other] = [world.open({ cache: BARE }), world.open({ cache: BARE })];
    for (const writer of [one, other]) {
      const held = new HeldLoader();
      const early = one.cache.get('k', held.load);
      await held.begun();
      await writer.cache.set('k', 'set');
      held.answer('old');
      expect(await early).toBe('old');
      expect(await other.cache.get('k', () => 'never')).toBe('set');
      expect(await one.cache.get('k', () => 'never')).toBe('set');
      await one.cache.delete('k');
    }
  });

  it('an increment beats a load that began before', async () => {
    const [one, other] = [world.open({ cache: BARE }), world.open({ cache: BARE })];
    const held = new HeldLoader<number>();
    const early = one.cache.get('k', held.load);
    await held.begun();
    expect(await other.cache.increment('k', 5)).toBe(5);
    held.answer(1);
    expect(await early).toBe(1);
    expect(await one.cache.get('k', () => -1)).toBe(5);
  });

  it('clear of a namespace beats a load in it, and leaves others alone', async () => {
    const [one, other] = [world.open({ cache: BARE }), world.open({ cache: BARE })];
    const held = new HeldLoader();
    const inside = one.cache.namespace('a').namespace('b').get('k', held.load);
    const beside = one.cache.namespace('a2').get('k', held.load);
    await held.begun(2);
    await other.cache.namespace('a').clear();
    held.answer('old');
    expect(await Promise.all([inside, beside])).toEqual(['old', 'old']);
    expect(
      await other.cache
        .namespace('a')
        .namespace('b')
        .get('k', () => 'new'),
    ).toBe('new');
    expect(await other.cache.namespace('a2').get('k', () => 'never')).toBe('old');
  });

  it('a lease of an earlier life of the data fills nothing, though the clock goes back', async () => {
    const [one, other] = [world.open({ cache: BARE }), world.open({ cache: BARE })];
    const { server, layout } = world;
    // A clock that was an hour ahead, and is set right while the load runs.
    await one.cache.set('x', 1);
    await server.command('SET', layout.seq, String(Date.now() * 1000 + 3600e6));
    const held = new HeldLoader();
    const early = one.cache.get('k', held.load);
    await held.begun();
    await server.command('DEL', layout.seq, layout.clear);
    await other.cache.clear();
    held.answer('old');
    expect(await early).toBe('old');
    expect(await other.cache.get('k', () => 'new')).toBe('new');
  });

  it('a refresh of what is stale loses as well', async () => {
    const [one, other] = [world.open({ cache: BARE }), world.open({ cache: BARE })];
    await one.cache.set('k', 'first', { ttl: '1m', grace: '1m' });
    const held = new HeldLoader();
    const refresh = one.cache.get('k', held.load, { refresh: true });
    await held.begun();
    await other.cache.set('k', 'second');
    held.answer('old');
    expect(await refresh).toBe('old');
    expect(await one.cache.get('k', () => 'never')).toBe('second');
  });
});

describe('P2 the bare store', () => {
  it('what is done on it reaches a cache on it', async () => {
    const { cache, store } = await world.serving();
    await cache.set('k', 'old');
    expect(cache.peek('k')).toBe('old');
    await store.delete('k');
    expect(await cache.get('k', () => 'new')).toBe('new');
    await store.set('k', 'set');
    await until(() => cache.peek('k') !== 'new', 'the cache to hear of it');
    expect(await cache.get('k')).toBe('set');
  });
});

describe('F4', () => {
  it('an answer of the store that comes after the message is not kept in memory', async () => {
    const one = await world.serving({ cache: { maxStaleness: '1m' } });
    const other = await world.serving({ direct: true });
    await other.cache.set('k', 'old');
    await heardAll(other, one);
    const stall = world.proxy.stall({ direction: 'toClient', only: isData });
    const before = world.proxy.connections.map(({ bytesToServer }) => bytesToServer);
    const early = one.cache.get('k', () => 'never');
    await until(
      () => world.proxy.connections.some(({ bytesToServer }, at) => bytesToServer > (before[at] ?? 0) + 20),
      'the read to be sent',
    );
    // The server has answered it once it has answered somebody else later.
    await world.server.command('PING');
    await other.cache.set('k', 'new');
    await heardAll(other, one);
    stall.end();
    expect(await early).toBe('old');
    expect(one.cache.peek('k')).toBeUndefined();
    expect(await one.cache.get('k', () => 'never')).toBe('new');
  });
});

describe('F22, F23 a loader that fails gives the lease back, so that another process loads at once', () => {
  const failing: readonly (readonly [string, (held: HeldLoader) => void])[] = [
    ['rejects', (held) => held.fail(new Error('source down'))],
    ['answers undefined', (held) => held.answer(undefined as never)],
  ];

  it.each(failing)('%s', async (_name, fail) => {
    const [one, other] = [world.open({ cache: BARE }), world.open({ cache: BARE })];
    const held = new HeldLoader();
    const early = one.cache.get('k', held.load).catch((error: Error) => error.message);
    await held.begun();
    expect(await world.server.command('EXISTS', world.layout.lease(':k'))).toBe(1);
    const waiting = timed(() => other.cache.get('k', () => 'other'));
    fail(held);
    expect([null, 'source down']).toContain(await early);
    const { tookMs, value } = await waiting;
    expect(value).toBe('other');
    // A lease that nobody gives back would live for two seconds.
    expect(tookMs).toBeLessThan(1500);
    expect(one.cache.stats().inFlight).toBe(0);
  });

  it('throws at once', async () => {
    const [one, other] = [world.open({ cache: BARE }), world.open({ cache: BARE })];
    const thrown = await failureOf(
      one.cache.get('k', () => {
        throw new Error('sync');
      }),
    );
    expect(thrown.message).toBe('sync');
    const { tookMs, value } = await timed(() => other.cache.get('k', () => 'other'));
    expect(value).toBe('other');
    expect(tookMs).toBeLessThan(1500);
  });

  it('never settles: at hardTimeout', async () => {
    const [one, other] = [world.open({ cache: BARE }), world.open({ cache: BARE })];
    const held = new HeldLoader();
    const early = failureOf(one.cache.get('k', held.load, { hardTimeout: '300ms' }));
    await held.begun();
    expect(await early).toMatchObject({ code: 'OPERATION_TIMEOUT' });
    const { tookMs, value } = await timed(() => other.cache.get('k', () => 'other'));
    expect(value).toBe('other');
    expect(tookMs).toBeLessThan(1500);
    held.answer('late');
    expect(await one.cache.get('k', () => 'never')).toBe('other');
  });
});

describe('F27 tags', () => {
  it('a set right after an invalidation of its tag is never lost, one before it never kept', async () => {
    const [one, other] = [world.open({ cache: BARE }), world.open({ cache: BARE })];
    for (let turn = 0; turn < 200; turn++) {
      const [key, tags] = [`k${turn % 3}`, { tags: ['t', `t${turn % 2}`] }];
      const [writer, reader] = turn % 2 === 0 ? [one, other] : [other, one];
      await writer.cache.set(key, turn, tags);
      expect(await reader.cache.get(key)).toBe(turn);
      await reader.cache.invalidateTags(turn % 4 === 0 ? ['t'] : [`t${turn % 2}`, 'z']);
      expect(await writer.cache.get(key)).toBeNull();
    }
  });

  it('sets and invalidations at once: an entry is dead if and only if it came before', async () => {
    const [one, other] = [world.open({ cache: BARE }), world.open({ cache: BARE })];
    for (let turn = 0; turn < 40; turn++) {
      await one.cache.set('before', turn, { tags: ['a', 'b'] });
      // What is sent on one connection arrives in this order, within one millisecond.
      await Promise.all([
        one.cache.invalidateTags(['b']),
        one.cache.set('after', turn, { tags: ['a', 'b'] }),
      ]);
      expect([await other.cache.get('before'), await other.cache.get('after')]).toEqual([null, turn]);
    }
  });

  it('tags that the loader names late: dead if one moved since the load began, alive otherwise', async () => {
    const [one, other] = [world.open({ cache: BARE }), world.open({ cache: BARE })];
    for (const moved of [true, false]) {
      await other.cache.invalidateTag('late');
      const held = new HeldLoader();
      const load = one.cache.get('k', (context) => {
        context.tags(['late']);
        return held.load();
      });
      await held.begun();
      if (moved) await other.cache.invalidateTag('late');
      held.answer('loaded');
      expect(await load).toBe('loaded');
      expect(await other.cache.get('k')).toBe(moved ? null : 'loaded');
    }
  });

  it('in memory as well: a hit is served only while its tags stand', async () => {
    const one = await world.serving();
    await one.cache.set('k', 1, { tags: ['a', 'b'] });
    expect(one.cache.peek('k')).toBe(1);
    const other = await world.serving();
    await other.cache.invalidateTag('b');
    await heardAll(other, one);
    expect(one.cache.peek('k')).toBeUndefined();
    await busAlive(one);
  });
});
