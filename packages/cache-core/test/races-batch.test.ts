import { describe, expect, it } from 'vitest';
import { ManualLoader, Processes } from './races-processes.ts';
import { settled } from './schedule-steps.ts';

/** A stale value is answered at once: what the load that is under way will bring is not asked again and again. */
describe('a batch that joins a load, and has a stale value', () => {
  it('P12 answers that, though the load is older than D and no bus vouches for it', async () => {
    const processes = new Processes();
    const { clock } = processes;
    const { cache } = processes.start({ bus: false, ttl: '1s', grace: '1h' });
    await cache.set('k', 'stale');
    await clock.advance(1000);
    const loader = new ManualLoader<string>();
    expect(await cache.get('k', loader.load)).toBe('stale');
    await clock.advance(1001);
    expect(loader.running).toBe(1);
    let batches = 0;
    const answers = await cache.getMany(['k'], () => [`batch ${++batches}`]);
    expect([answers, batches, loader.calls]).toEqual([['stale'], 0, 1]);
    loader.end('new');
    await settled();
    expect(await cache.getMany(['k'])).toEqual(['new']);
  });

  it('P12 answers that, though something was invalidated since the load began', async () => {
    const processes = new Processes();
    const { clock } = processes;
    const { cache } = processes.start({ ttl: '1s', grace: '1h' });
    await cache.set('k', 'stale', { tags: ['t'] });
    await clock.advance(1000);
    const loader = new ManualLoader<string>();
    expect(await cache.get('k', loader.load, { tags: ['t'] })).toBe('stale');
    await settled();
    await cache.invalidateTag('other');
    const answers = await cache.getMany(['k'], () => ['batch'], { tags: ['t'] });
    expect([answers, loader.calls]).toEqual([['stale'], 1]);
    loader.end('new');
    await settled();
    expect(await cache.getMany(['k'])).toEqual(['new']);
  });
});
