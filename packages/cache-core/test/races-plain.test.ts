import { CacheManager, ManualClock } from '@larder/cache-core';
import { describe, expect, it } from 'vitest';
import { Steps } from './schedule-steps.ts';
import { SlowPlainStore } from './schedule-stores.ts';

function overPlainStore(countable = false) {
  const clock = new ManualClock();
  const steps = new Steps();
  const store = countable ? new SlowPlainStore(steps).countable() : new SlowPlainStore(steps);
  const cache = new CacheManager({ store, clock });
  const done = async <T>(work: Promise<T>): Promise<T> => {
    await steps.goAll();
    return work;
  };
  return { cache, steps, done };
}

describe('races over a store of seven methods', () => {
  it('P7 a value that a tag has killed is not read under the stamps of the next one', async () => {
    const { cache, steps, done } = overPlainStore();
    await done(cache.set('k', 'old', { tags: ['t'] }));
    await done(cache.invalidateTag('t'));
    const set = cache.set('k', 'new', { tags: ['t'] });
    const read = cache.get('k');
    await steps.go('get takes place', 'get is answered');
    expect(await read).toBeNull();
    await done(set);
    expect(await done(cache.get('k'))).toBe('new');
  });

  it('P7 nor is one whose successor could not be stored', async () => {
    const { cache, steps, done } = overPlainStore();
    await done(cache.set('k', 'old', { tags: ['t'] }));
    await done(cache.invalidateTag('t'));
    const set = cache.set('k', 'new', { tags: ['t'] }).catch((error: unknown) => error);
    await steps.fail('set takes place');
    expect(await set).toBeInstanceOf(Error);
    expect(await done(cache.get('k'))).toBeNull();
  });

  it('P1 an increment is not undone by a fill that began earlier', async () => {
    const { cache, steps, done } = overPlainStore(true);
    const load = cache.get('n', () => 5);
    await steps.go('get takes place', 'get is answered');
    await steps.see('set takes place');
    const increment = cache.increment('n');
    await steps.goAll('newest');
    await Promise.all([load, increment]);
    expect([await increment, await done(cache.get('n'))]).toEqual([6, 6]);
  });

  it('P1 a clear is not undone by a fill that was on its way to the store', async () => {
    const { cache, steps, done } = overPlainStore();
    const load = cache.get('k', () => 'old');
    await steps.go('get takes place', 'get is answered');
    await steps.see('set takes place');
    const clear = cache.clear();
    await steps.goAll('newest');
    await Promise.all([load, clear]);
    expect(await done(cache.get('k'))).toBeNull();
  });

  it('P1 nor is a delete', async () => {
    const { cache, steps, done } = overPlainStore();
    const load = cache.get('k', () => 'old');
    await steps.go('get takes place', 'get is answered');
    await steps.see('set takes place');
    const deletion = cache.delete('k');
    await steps.goAll('newest');
    await Promise.all([load, deletion]);
    expect(await done(cache.get('k'))).toBeNull();
  });

  it('P7 a counter in a namespace does not outlive its clear', async () => {
    const { cache, done } = overPlainStore(true);
    const space = cache.namespace('n');
    await done(space.increment('n').catch(() => undefined));
    await done(space.clear());
    expect(await done(space.get('n'))).toBeNull();
  });
});
