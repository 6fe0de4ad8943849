import { describe, expect, it } from 'vitest';
import { twoTiers } from './cache-kinds.ts';
import { Held, never, watch } from './held.ts';
import { forbidUnhandledRejections } from './unhandled-rejections.ts';

forbidUnhandledRejections();

async function broken(options: object) {
  const opened = twoTiers.open({ l1: false, ...options });
  opened.store!.before = () => Promise.reject(new Error('down'));
  for (let at = 0; at < 5; at++) await opened.cache.get(`open the breaker ${at}`, () => at);
  return opened;
}

describe('F9 while the store is down the source is not crushed (P10)', () => {
  it('so many loads run at a time, the others in line', async () => {
    const { cache, clock } = await broken({ maxConcurrentLoads: 10 });
    let running = 0;
    let most = 0;
    const sources: Held[] = [];
    const reads = Array.from({ length: 100 }, (_, at) =>
      cache.get(`k${at}`, async () => {
        running += 1;
        most = Math.max(most, running);
        const source = new Held();
        sources.push(source);
        await source.promise;
        running -= 1;
        return at;
      }),
    );
    for (let at = 0; at < 100; at++) {
      await clock.advance(0);
      sources[at]!.resolve();
    }
    expect(await Promise.all(reads)).toEqual(Array.from({ length: 100 }, (_, at) => at));
    expect(most).toBe(10);
  });

  it('a batch counts as a load', async () => {
    const { cache, clock } = await broken({ maxConcurrentLoads: 1 });
    const source = new Held<number>();
    const one = cache.get('a', () => source.promise);
    await clock.advance(0);
    let called = false;
    const batch = watch(
      cache.getMany(['b', 'c'], () => {
        called = true;
        return [1, 2];
      }),
    );
    await clock.advance(0);
    expect(called).toBe(false);
    source.resolve(0);
    expect(await one).toBe(0);
    await clock.advance(0);
    expect(batch).toMatchObject({ state: 'resolved', value: [1, 2] });
  });

  it('loaders that call the cache do not lock one another up', async () => {
    const { cache, clock } = await broken({ maxConcurrentLoads: 2, leaseWait: 3 });
    const outer = Array.from({ length: 4 }, (_, at) =>
      watch(cache.get(`outer ${at}`, async () => `outer of ${await cache.get(`inner ${at}`, () => at)}`)),
    );
    await clock.advance(2999);
    expect(outer[0]!.state).toBe('pending');
    await clock.advance(10_000);
    expect(outer.map(({ value }) => value)).toEqual(['outer of 0', 'outer of 1', 'outer of 2', 'outer of 3']);
  });

  it('a load that is given up gives its place back, though its loader hangs', async () => {
    const { cache, clock } = await broken({ maxConcurrentLoads: 1 });
    const leaving = new AbortController();
    const hanging = watch(cache.get('a', () => never<number>(), { signal: leaving.signal }));
    await clock.advance(0);
    leaving.abort();
    await clock.advance(0);
    expect(hanging.state).toBe('rejected');
    const next = watch(cache.get('b', () => 2));
    await clock.advance(0);
    expect(next).toMatchObject({ state: 'resolved', value: 2 });
  });

  it('a load that is given up in line is not begun', async () => {
    const { cache, clock } = await broken({ maxConcurrentLoads: 1 });
    const source = new Held<number>();
    const first = cache.get('a', () => source.promise);
    await clock.advance(0);
    const leaving = new AbortController();
    let called = false;
    const waiting = watch(
      cache.get(
        'b',
        () => {
          called = true;
          return 1;
        },
        { signal: leaving.signal },
      ),
    );
    await clock.advance(0);
    leaving.abort();
    source.resolve(1);
    await first;
    await clock.advance(10_000);
    expect(waiting.state).toBe('rejected');
    expect(called).toBe(false);
    expect(await cache.get('c', () => 3)).toBe(3);
  });

  it('readers of one key are one load all the same', async () => {
    const { cache } = await broken({ maxConcurrentLoads: 1 });
    let loads = 0;
    const values = await Promise.all(Array.from({ length: 50 }, () => cache.get('a', async () => ++loads)));
    expect(new Set(values)).toEqual(new Set([1]));
  });
});
