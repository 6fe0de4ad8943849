import { CacheManager, LocalBus } from '@larder/cache-core';
import { describe, expect, it } from 'vitest';
import { ManualLoader, Processes } from './races-processes.ts';
import { Steps, settled } from './schedule-steps.ts';
import { SlowPlainStore } from './schedule-stores.ts';

/** What was begun before a gap in the bus, and ends after it. */
describe('around a gap', () => {
  it('P4 a tag stamp that was asked for before the gap is not believed after it', async () => {
    const processes = new Processes();
    const { clock, steps } = processes;
    const one = processes.start();
    const other = processes.start();
    await other.cache.set('k', 'old', { tags: ['t'] });
    processes.slow(one);
    const early = one.cache.get('k');
    await steps.go('read takes place', 'read is answered', 'stamps takes place');
    processes.fast(one);
    const held = processes.holdMessages(one);
    await other.cache.invalidateTag('t');
    held.lose();
    one.subscriber.gap('lost');
    one.subscriber.alive(clock.now());
    await steps.go('stamps is answered');
    expect(await early).toBe('old');
    expect(await one.cache.get('k')).toBeNull();
  });

  it('P4 what was read before the bus had begun to listen is not vouched for by it', async () => {
    const processes = new Processes();
    const { clock } = processes;
    const one = processes.start();
    const other = processes.start();
    one.subscriber.gap('closed');
    const held = processes.holdMessages(one);
    await other.cache.set('k', 'old');
    expect(await one.cache.get('k')).toBe('old');
    await other.cache.delete('k');
    held.lose();
    // The bus has come back, and says so. It has not seen the message.
    await clock.advance(100);
    one.subscriber.alive(clock.now());
    await clock.advance(950);
    one.subscriber.alive(clock.now());
    expect(await one.cache.get('k')).toBeNull();
  });

  it('P4 a delete that takes place after its deadline is noticed by the process that asked for it', async () => {
    const processes = new Processes();
    const { clock, steps } = processes;
    const one = processes.start({ maxStaleness: '100ms', storeTimeout: '5s' });
    await one.cache.set('k', 'old');
    processes.slow(one);
    const deleting = one.cache.delete('k').catch((error: Error) => error);
    await steps.see('invalidate takes place');
    await clock.advance(1000);
    expect(await deleting).toBeInstanceOf(Error);
    // The store had been given up; it is tried again, and the old value is read before the late command gets through.
    await clock.advance(2000);
    const read = one.cache.get('k');
    await settled();
    await steps.goAll('newest');
    expect(await read).toBe('old');
    await clock.advance(100);
    processes.fast(one);
    expect(await one.cache.get('k')).toBeNull();
  });

  it('P4 without a bus a caller does not join a load older than D that was overtaken', async () => {
    const processes = new Processes();
    const { clock } = processes;
    const one = processes.start({ bus: false });
    const other = processes.start({ bus: false });
    const loader = new ManualLoader<string>();
    const before = one.cache.get('k', loader.load);
    await settled();
    await other.cache.delete('k');
    await clock.advance(1001);
    const after = one.cache.get('k', loader.load);
    await settled();
    loader.end('old');
    await settled();
    if (loader.running > 0) loader.end('new');
    expect(await before).toBe('old');
    expect(await after).toBe('new');
  });
});

describe('over a store of seven methods with a bus', () => {
  it('P4 a copy of an entry whose end is not known is kept for D at most', async () => {
    const { clock } = new Processes();
    const steps = new Steps();
    const store = new SlowPlainStore(steps);
    const bus = new LocalBus();
    const cache = new CacheManager({ store, bus, clock });
    const read = cache.get('k', { ttl: '5s' });
    await steps.goAll();
    await read;
    // Another program sets it, for a while.
    const set = store.set('k', 'value');
    await steps.goAll();
    await set;
    const copied = cache.get('k');
    await steps.goAll();
    expect(await copied).toBe('value');
    const gone = store.delete('k');
    await steps.goAll();
    await gone;
    await clock.advance(3_600_000);
    const later = cache.get('k');
    await steps.goAll();
    expect(await later).toBeNull();
  });
});

describe('callers with a schema', () => {
  it('do not join the look of one without', async () => {
    const processes = new Processes();
    const one = processes.start({ l1: false });
    await one.cache.set('k', 'text');
    processes.slow(one);
    const schema = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value: unknown) =>
          typeof value === 'number' ? { value } : { issues: [{ message: 'not a number' }] },
      },
    } as const;
    const plain = one.cache.get('k');
    const checked = one.cache.get('k', { schema });
    await processes.steps.goAll();
    expect([await plain, await checked]).toEqual(['text', null]);
  });
});
