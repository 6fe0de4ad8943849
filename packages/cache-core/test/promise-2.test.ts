import { CacheManager, type CacheView, ManualClock } from '@larder/cache-core';
import { describe, expect, it } from 'vitest';
import { Processes } from './races-processes.ts';
import { settled } from './schedule-steps.ts';

const INVALIDATIONS: Readonly<Record<string, (cache: CacheView) => Promise<unknown>>> = {
  delete: (cache) => cache.delete('k'),
  set: (cache) => cache.set('k', 2),
  expire: (cache) => cache.expire('k'),
  increment: (cache) => cache.increment('k'),
  invalidateTag: (cache) => cache.invalidateTag('t'),
  clear: (cache) => cache.clear(),
};

describe.each(Object.entries(INVALIDATIONS))('P2 own %s', (name, invalidate) => {
  const operation = { set: 'write', increment: 'increment' }[name] ?? 'invalidate';

  it('purges memory before the store is asked', async () => {
    const processes = new Processes();
    const one = processes.start();
    await one.cache.set('k', 1, { tags: ['t'] });
    processes.slow(one);
    const work = invalidate(one.cache);
    await processes.steps.see(`${operation} takes place`);
    expect(one.cache.peek('k')).toBeUndefined();
    await processes.steps.goAll();
    await work;
  });

  it('purges again after the store has answered', async () => {
    const processes = new Processes();
    const one = processes.start();
    await one.cache.set('k', 1, { tags: ['t'] });
    processes.slow(one);
    const work = invalidate(one.cache);
    await processes.steps.see(`${operation} takes place`);
    // A read in between fetches what the store still has.
    const between = one.cache.get('k');
    await settled();
    await processes.steps.go('read takes place', 'read is answered');
    if (processes.steps.pending.some(({ label }) => label.includes('stamps')))
      await processes.steps.go('stamps takes place', 'stamps is answered');
    expect(await between).toBe(1);
    expect(one.cache.peek('k')).toBe(1);
    await processes.steps.go(`${operation} takes place`, `${operation} is answered`);
    await work;
    expect(one.cache.peek('k')).not.toBe(1);
    processes.fast(one);
    expect(await one.cache.get('k')).not.toBe(1);
  });

  it('F4 does not keep a read that the store had answered before', async () => {
    const processes = new Processes();
    const one = processes.start();
    const other = processes.start();
    await other.cache.set('k', 1, { tags: ['t'] });
    processes.slow(one);
    const between = one.cache.get('k');
    await processes.steps.go('read takes place', 'read is answered', 'stamps takes place');
    const work = invalidate(one.cache);
    await settled();
    await processes.steps.go(`${operation} takes place`, `${operation} is answered`);
    await work;
    await processes.steps.goAll();
    expect(await between).toBe(1);
    expect(one.cache.peek('k')).not.toBe(1);
    processes.fast(one);
    expect(await one.cache.get('k')).not.toBe(1);
  });

  it('a read that starts after the ack does not join one from before', async () => {
    const processes = new Processes();
    const one = processes.start();
    const other = processes.start();
    await other.cache.set('k', 1, { tags: ['t'] });
    processes.slow(one);
    const before = one.cache.get('k');
    await processes.steps.go('read takes place', 'read is answered', 'stamps takes place');
    const work = invalidate(one.cache);
    await settled();
    await processes.steps.go(`${operation} takes place`, `${operation} is answered`);
    await work;
    const after = one.cache.get('k');
    await processes.steps.goAll();
    expect([await before, await after]).toEqual([1, name === 'set' || name === 'increment' ? 2 : null]);
  });
});

describe('P2', () => {
  it.each(Object.entries(INVALIDATIONS))(
    'is kept where memory is all there is: %s',
    async (_name, invalidate) => {
      const cache = new CacheManager({ clock: new ManualClock() });
      await cache.set('k', 1, { tags: ['t'] });
      await invalidate(cache);
      expect(cache.peek('k')).not.toBe(1);
    },
  );

  it('S4 of two own sets at once neither enters memory', async () => {
    const processes = new Processes();
    const { steps } = processes;
    const one = processes.start();
    processes.slow(one);
    const first = one.cache.set('k', 1);
    await settled();
    const second = one.cache.set('k', 2);
    await settled();
    // The second arrives first, and is answered: the store will be left with 1.
    steps.take(1).go();
    await settled();
    steps.take(1).go();
    await second;
    expect(one.cache.peek('k')).toBeUndefined();
    await steps.goAll();
    await first;
    expect(one.cache.peek('k')).toBeUndefined();
    processes.fast(one);
    expect(await one.cache.get('k')).toBe(1);
  });

  it('S4 a set does not enter memory where a foreign message touched its key meanwhile', async () => {
    const processes = new Processes();
    const [one, other] = [processes.start(), processes.start()];
    processes.slow(one);
    const set = one.cache.set('k', 1);
    await processes.steps.go('write takes place');
    await other.cache.set('k', 2);
    await processes.steps.goAll();
    await set;
    expect(one.cache.peek('k')).toBeUndefined();
    processes.fast(one);
    expect(await one.cache.get('k')).toBe(2);
  });

  it('S4 an own set that nothing touched is served from memory', async () => {
    const processes = new Processes();
    const one = processes.start();
    await one.cache.set('k', 1);
    expect(one.cache.peek('k')).toBe(1);
  });

  it('S4 a set does not enter memory where its tag moved meanwhile', async () => {
    const processes = new Processes();
    const [one, other] = [processes.start(), processes.start()];
    processes.slow(one);
    const set = one.cache.set('k', 1, { tags: ['t'] });
    await processes.steps.go('write takes place');
    await other.cache.invalidateTag('t');
    await processes.steps.goAll();
    await set;
    expect(one.cache.peek('k')).toBeUndefined();
    expect(one.cache.stats().entries).toBe(0);
  });

  it('announce: false forgets here, and only here', async () => {
    const processes = new Processes();
    const [one, other] = [processes.start(), processes.start()];
    await one.cache.set('k', 1);
    expect(await other.cache.get('k')).toBe(1);
    await one.cache.delete('k', { announce: false });
    expect(one.cache.peek('k')).toBeUndefined();
    expect(other.cache.peek('k')).toBe(1);
    expect(await one.cache.get('k')).toBe(1);
  });
});
