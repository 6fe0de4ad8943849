import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { failureOf, HeldLoader, timed } from './live-loader.ts';
import { BARE, liveWorld, until } from './live-world.ts';

const world = liveWorld();

/** What is in use once everything has been collected that can be. */
function heapAfterCollection(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

describe('F39 closing', () => {
  it('under load: everything settles, leases go back, no connection is left', async () => {
    const one = await world.serving();
    const held = new HeldLoader();
    const loads = Array.from({ length: 50 }, (_, at) =>
      one.cache.get(`k${at}`, held.load).catch((error: Error) => error),
    );
    const writes = Array.from({ length: 50 }, (_, at) =>
      one.cache.set(`w${at}`, at).catch((error: Error) => error),
    );
    await held.begun(50);
    const closing = one.cache.close({ deadline: '300ms' });
    expect(await failureOf(one.cache.get('k'))).toMatchObject({ code: 'CLOSED' });
    expect(await failureOf(one.cache.set('k', 1))).toMatchObject({ code: 'CLOSED' });
    await closing;
    for (const outcome of await Promise.all(loads)) expect(outcome).toMatchObject({ code: 'CLOSED' });
    await Promise.all(writes);
    const leases = await world.server.command<string[]>('KEYS', `${world.layout.lease('')}*`);
    expect(leases).toEqual([]);
    await until(() => world.proxy.connections.length === 0, 'the connections to end');
    held.answer('late');
  });

  it('waits for what is under way, when there is time', async () => {
    const one = world.open({ cache: BARE });
    const held = new HeldLoader();
    const load = one.cache.get('k', held.load);
    await held.begun();
    const closing = one.cache.close({ deadline: '5s' });
    held.answer('loaded');
    await closing;
    expect(await load).toBe('loaded');
    const other = world.open({ cache: BARE });
    expect(await other.cache.get('k')).toBe('loaded');
  });

  it('twice, and of two caches on one store: the last one lets go of it', async () => {
    const one = await world.serving();
    await Promise.all([one.cache.close(), one.cache.close(), one.cache.disconnect()]);
    await one.cache.close();
    expect(one.store.isConnected()).toBe(false);
    for (const call of [
      () => one.store.get('k'),
      () => one.store.set('k', 1),
      () => one.store.clear(),
      () => one.store.increment('n', 1),
    ]) {
      expect(await failureOf(call())).toMatchObject({ code: 'CLOSED' });
    }
  });

  it('while Redis is stopped: within its deadline', async () => {
    const one = await world.serving({ cache: { storeTimeout: '250ms', invalidationTimeout: '300ms' } });
    await world.server.pause();
    const write = failureOf(one.cache.set('k', 1));
    const { tookMs } = await timed(() => one.cache.close({ deadline: '500ms' }).catch(() => undefined));
    expect(tookMs).toBeLessThan(3000);
    expect(await write).toMatchObject({ name: 'CacheError' });
  });

  it('before it was ever connected, and while it connects', async () => {
    const never = world.open();
    await never.cache.close();
    world.proxy.stall();
    const connecting = world.open({ cache: { storeTimeout: '250ms' } });
    const read = connecting.cache.get('k', () => 'loaded').catch((error: Error) => error);
    await connecting.cache.close({ deadline: '1s' });
    expect(['loaded', 'CLOSED']).toContain(((await read) as { code?: string }).code ?? (await read));
  });
});

describe('F29 caps', () => {
  it('20,000 distinct keys in flight: all are answered, what is beyond the cap is not coalesced, memory comes back', async () => {
    const one = world.open({ direct: true, cache: { ...BARE, maxInFlight: 2000, storeTimeout: '20s' } });
    await one.cache.get('x', () => 1);
    const before = heapAfterCollection();
    let answer: (value: string) => void = () => undefined;
    const source = new Promise<string>((resolve) => {
      answer = resolve;
    });
    let runs = 0;
    const loader = (): Promise<string> => {
      runs += 1;
      return source;
    };
    const reads = Array.from({ length: 20_000 }, (_, at) => one.cache.get(`k${at}`, loader));
    await until(() => runs === 20_000, 'all loaders to run');
    const keysLike = (start: string): Promise<number> =>
      world.server.command<number>('EVAL', "return #redis.call('KEYS', ARGV[1])", 0, `${start}*`);
    const leases = await keysLike(world.layout.lease(':'));
    answer('loaded');
    expect(leases).toBeLessThanOrEqual(2000);
    expect(new Set(await Promise.all(reads))).toEqual(new Set(['loaded']));
    await one.cache.flush();
    expect(one.cache.stats().inFlight).toBe(0);
    const stored = await keysLike(world.layout.value(':'));
    expect(stored).toBeLessThanOrEqual(2001);
    expect(stored).toBeGreaterThan(0);
    reads.length = 0;
    expect(heapAfterCollection() - before).toBeLessThan(16 * 1024 * 1024);
  });

  it('20,000 misses one after another leave nothing behind', async () => {
    const one = world.open({ direct: true, cache: { ...BARE, storeTimeout: '20s' } });
    for (let part = 0; part < 20; part++) {
      await Promise.all(Array.from({ length: 1000 }, (_, at) => one.cache.get(`k${part * 1000 + at}`)));
    }
    expect(one.cache.stats()).toMatchObject({ misses: 20_000, inFlight: 0 });
    expect(
      await world.server.command('EVAL', "return #redis.call('KEYS', ARGV[1])", 0, `${world.layout.prefix}*`),
    ).toBeLessThan(5);
  });

  it('while Redis does not answer, loads stand in line so that the source is not crushed', async () => {
    const one = world.open({ cache: { ...BARE, storeTimeout: '100ms', maxConcurrentLoads: 10 } });
    await one.cache.get('x', () => 1);
    await world.server.pause();
    await one.cache.get('first', () => 1);
    let [running, most] = [0, 0];
    const loader = async (): Promise<number> => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 2));
      running -= 1;
      return 1;
    };
    await Promise.all(Array.from({ length: 500 }, (_, at) => one.cache.get(`k${at}`, loader)));
    expect(most).toBeLessThanOrEqual(10);
  });
});

describe('P9 one round trip', () => {
  it('a hit in the store is one plain command, a fill and an invalidation are one script each', async () => {
    const one = world.open({ direct: true, cache: BARE });
    await one.cache.get('k', () => 1, { tags: ['t'] });
    await one.cache.invalidateTag('warm');
    await one.cache.delete('warm');
    await one.cache.get('k', undefined, { tags: ['t'] });
    await world.server.resetCounts();
    const count = async (): Promise<Record<string, number>> => {
      const counts = await world.server.commandCounts();
      await world.server.resetCounts();
      return Object.fromEntries([...counts].filter(([name]) => ['mget', 'evalsha', 'eval'].includes(name)));
    };
    await one.cache.get('k', undefined, { tags: ['t'] });
    expect(await count()).toEqual({ mget: 1 });
    await Promise.all([one.cache.get('a'), one.cache.get('b'), one.cache.get('c')]);
    expect(await count()).toEqual({ mget: 1 });
    await one.cache.get('cold', () => 1);
    expect(await count()).toEqual({ mget: 1, evalsha: 2 });
    await one.cache.deleteMany(['k', 'cold', 'a']);
    expect(await count()).toEqual({ evalsha: 1 });
    await one.cache.invalidateTags(['t', 'u']);
    expect(await count()).toEqual({ evalsha: 1 });
  });
});
