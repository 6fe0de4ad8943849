import { CacheManager, ManualClock } from '@larder/cache-core';
import { describe, expect, it } from 'vitest';
import { ManualLoader, Processes } from './races-processes.ts';
import { settled } from './schedule-steps.ts';

/** That there is nothing is an answer, too: it must not outlive an invalidation. */
describe('absence', () => {
  it('P7 a caller that comes after a tag invalidation does not get the "nothing" of an older load', async () => {
    const cache = new CacheManager({ clock: new ManualClock() });
    const loader = new ManualLoader<string | undefined>();
    const before = cache.get('k', loader.load, { tags: ['t'] });
    await cache.invalidateTag('t');
    const after = cache.get('k', loader.load, { tags: ['t'] });
    loader.end(undefined);
    expect(await before).toBeNull();
    await settled();
    loader.end('new');
    expect(await after).toBe('new');
  });

  it('P7 nor does a batch', async () => {
    const cache = new CacheManager({ clock: new ManualClock() });
    const loader = new ManualLoader<string | undefined>();
    const before = cache.get('k', loader.load, { tags: ['t'] });
    await cache.invalidateTag('t');
    const after = cache.getMany(['k'], async () => [await loader.load()], { tags: ['t'] });
    await settled();
    loader.end(undefined);
    expect(await before).toBeNull();
    await settled();
    loader.end('new');
    expect(await after).toEqual(['new']);
  });

  it('P12 a caller that joins a refresh which nobody waits for gets a value all the same', async () => {
    // The window is one turn of the microtask queue wide: each turn is tried.
    const answers = await Promise.all(Array.from({ length: 40 }, (_, turns) => joinAfter(turns)));
    expect(answers).toEqual(answers.map(() => 'new'));
  });
});

/** A refresh finds that another process loads, and gives up; so many turns before, a caller has come who needs the value. */
async function joinAfter(turns: number): Promise<string> {
  const processes = new Processes();
  const { clock, steps } = processes;
  const one = processes.start({ ttl: '1s', grace: '1h', leaseWait: '1s' });
  const other = processes.start({ ttl: '1s', grace: '1h' });
  await one.cache.set('k', 'old');
  await clock.advance(1000);
  expect(await other.cache.get('k', new ManualLoader<string>().load)).toBe('old');
  await settled();
  processes.slow(one);
  const options = { softTimeout: Number.POSITIVE_INFINITY } as const;
  const stale = one.cache.get('k', () => 'new');
  await steps.go('read takes place', 'read is answered', 'lease takes place');
  expect(await stale).toBe('old');
  const wanted = one.cache.get('k', () => 'new', options);
  await steps.go('read takes place');
  processes.fast(one);
  const [leaseAnswer, readAnswer] = [steps.take(0), steps.take(0)];
  readAnswer.go();
  for (let turn = 0; turn < turns; turn++) await Promise.resolve();
  leaseAnswer.go();
  await clock.advance(2000);
  return wanted;
}
