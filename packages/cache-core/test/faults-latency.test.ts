import { describe, expect, it } from 'vitest';
import { twoTiers } from './cache-kinds.ts';
import { never, watch } from './held.ts';

describe('F9 a store that is slow, and answers', () => {
  it('is not taken for one that is silent because little of a deadline was left', async () => {
    const { cache, store, clock } = twoTiers.open({ l1: false });
    store!.before = () => new Promise<void>((resolve) => clock.schedule(resolve, 130));
    const read = watch(cache.get('a', () => 1));
    await clock.advance(1000);
    expect(read).toMatchObject({ state: 'resolved', value: 1 });
    expect((await cache.healthCheck()).breaker?.state).toBe('closed');
    const again = watch(cache.get('a'));
    await clock.advance(1000);
    expect(again.state).toBe('resolved');
    expect(cache.stats().storeSkips).toBe(0);
  });

  it('the whole read costs one deadline, its fill included (P9)', async () => {
    const { cache, store, clock } = twoTiers.open({ l1: false });
    let calls = 0;
    store!.before = () =>
      ++calls <= 2 ? new Promise<void>((resolve) => clock.schedule(resolve, 100)) : never();
    const read = watch(cache.get('a', () => 1));
    await clock.advance(250);
    expect(read).toMatchObject({ state: 'resolved', value: 1 });
  });
});
