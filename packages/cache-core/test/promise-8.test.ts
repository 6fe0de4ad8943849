import { CacheManager, ManualClock } from '@larder/cache-core';
import { describe, expect, it } from 'vitest';
import { ManualLoader, Processes } from './races-processes.ts';
import { settled } from './schedule-steps.ts';

const HOUR_MS = 3_600_000;
const STEPS_MS = [60_000, -60_000, HOUR_MS, -HOUR_MS, 0.1];

describe('P8 F26 wall clocks do not matter', () => {
  it.each(STEPS_MS)('a step of %d ms changes no time to live, in one tier', async (stepMs) => {
    const clock = new ManualClock();
    const cache = new CacheManager({ clock, ttl: '10s', grace: '10s' });
    await cache.set('bare', 1, { grace: 0 });
    await cache.set('k', 1);
    clock.stepWall(stepMs);
    clock.advanceSync(9999);
    clock.stepWall(-3 * stepMs);
    expect([cache.peek('bare'), cache.peek('k')]).toEqual([1, 1]);
    clock.advanceSync(1);
    expect([cache.peek('bare'), cache.peek('k')]).toEqual([undefined, undefined]);
    expect(await cache.getEntry('k')).toMatchObject({ stale: true, keptMs: 10_000 });
    clock.stepWall(stepMs);
    clock.advanceSync(10_000);
    expect(await cache.getEntry('k')).toBeNull();
  });

  it.each(STEPS_MS)('nor in two, nor a tag, nor a lease, nor the L1 lease: %d ms', async (stepMs) => {
    const processes = new Processes();
    const { clock } = processes;
    const [one, other] = [processes.start({ ttl: '10s' }), processes.start({ ttl: '10s' })];
    await one.cache.set('k', 1, { tags: ['t'] });
    const loader = new ManualLoader<string>();
    const loading = one.cache.get('loaded', loader.load);
    await settled();
    clock.stepWall(stepMs);
    await clock.advance(4000);
    loader.end('value');
    await loading;
    expect(await other.cache.get('loaded')).toBe('value');
    expect([one.cache.peek('k'), await other.cache.get('k')]).toEqual([1, 1]);
    clock.stepWall(stepMs);
    await one.cache.invalidateTag('t');
    await one.cache.set('k', 2, { tags: ['t'] });
    expect([one.cache.peek('k'), await other.cache.get('k')]).toEqual([2, 2]);
    await clock.advance(10_000);
    expect([one.cache.peek('k'), await other.cache.get('k')]).toEqual([undefined, null]);
  });

  it('processes whose monotonic clocks began hours apart agree on how long an entry lives', async () => {
    const processes = new Processes();
    const late = new ManualClock({ startMs: 7 });
    const one = processes.start();
    const skewed = new CacheManager({ store: processes.memory.attach(), clock: late });
    await one.cache.set('k', 1, { ttl: '10s', grace: '5s' });
    const advance = async (ms: number) => {
      await processes.clock.advance(ms);
      await late.advance(ms);
    };
    await advance(4000);
    expect(await skewed.getEntry('k')).toMatchObject({ freshMs: 6000, keptMs: 11_000, source: 'l2' });
    expect(await skewed.getEntry('k')).toMatchObject({ freshMs: 6000, keptMs: 11_000, source: 'l1' });
    await advance(5999);
    expect(skewed.peek('k')).toBe(1);
    await advance(1);
    expect([skewed.peek('k'), await skewed.get('k')]).toEqual([undefined, null]);
  });

  it('time that passes while the store answers is taken off', async () => {
    const processes = new Processes();
    const { clock, steps } = processes;
    const [one, other] = [processes.start(), processes.start()];
    await other.cache.set('k', 1, { ttl: '1s' });
    processes.slow(one);
    const read = one.cache.getEntry('k');
    await steps.go('read takes place');
    await clock.advance(200);
    await steps.goAll();
    expect(await read).toMatchObject({ freshMs: 800 });
    clock.advanceSync(799);
    expect(one.cache.peek('k')).toBe(1);
    clock.advanceSync(1);
    expect(one.cache.peek('k')).toBeUndefined();
  });

  it('expire and touch count from now, and agree in both tiers', async () => {
    const processes = new Processes();
    const { clock } = processes;
    const [one, other] = [processes.start(), processes.start()];
    await one.cache.set('k', 1, { ttl: '10s', grace: '10s' });
    await clock.advance(6000);
    expect(await one.cache.touch('k')).toBe(true);
    expect(await other.cache.getEntry('k')).toMatchObject({ freshMs: 10_000 });
    expect(await other.cache.expire('k', '2s')).toBe(true);
    expect(await one.cache.getEntry('k')).toMatchObject({ freshMs: 2000, keptMs: 12_000 });
    expect(await one.cache.expire('k')).toBe(true);
    expect([other.cache.peek('k'), await other.cache.get('k')]).toEqual([undefined, null]);
    expect(await other.cache.getEntry('k')).toMatchObject({ stale: true, keptMs: 10_000 });
    await one.cache.delete('k');
    expect([await one.cache.touch('k'), await one.cache.expire('k'), await one.cache.expire('k', 5)]).toEqual(
      [false, false, false],
    );
  });

  it.each(['expire', 'touch'] as const)(
    '%s: a read in between does not keep the former time to live',
    async (change) => {
      const processes = new Processes();
      const { clock, steps } = processes;
      const one = processes.start();
      await one.cache.set('k', 1, { ttl: '10s' });
      await clock.advance(6000);
      one.store.before = (operation) => (operation === 'retime' ? steps.wait(operation) : undefined);
      const changing = change === 'touch' ? one.cache.touch('k') : one.cache.expire('k', '2s');
      await settled();
      expect(await one.cache.getEntry('k')).toMatchObject({ freshMs: 4000 });
      await steps.goAll();
      expect(await changing).toBe(true);
      expect(await one.cache.getEntry('k')).toMatchObject({ freshMs: change === 'touch' ? 10_000 : 2000 });
    },
  );

  it('neither revives what a tag has killed', async () => {
    for (const cache of [new Processes().start().cache, new CacheManager({ clock: new ManualClock() })]) {
      await cache.set('k', 1, { ttl: '10s', grace: '10s', tags: ['t'] });
      await cache.invalidateTag('t');
      expect([await cache.touch('k'), await cache.expire('k', '5s')]).toEqual([false, false]);
      expect([cache.peek('k'), await cache.get('k')]).toEqual([undefined, null]);
    }
  });
});
