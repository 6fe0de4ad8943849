import assert from 'node:assert/strict';
import type { CacheManager, CacheView } from '@larder/cache-core';
import { type ConformanceCase, casesOf } from '../conformance-case.ts';
import { Held } from '../held.ts';
import { expectOldNowhere, HeldLoad, INVALIDATIONS, knowTags } from '../overtaking.ts';
import type { Trial } from '../trial.ts';

/** The D of the promises, where nobody says otherwise, and what a busy machine may take beyond it. */
const MAX_STALENESS_MS = 1000;
const SLACK_MS = 500;

async function two(trial: Trial): Promise<readonly [CacheManager, CacheManager]> {
  return [await trial.cache(), await trial.cache()];
}

const overtaken: Record<string, ConformanceCase['run']> = Object.fromEntries(
  Object.entries(INVALIDATIONS).map(([name, invalidate]) => [
    `P1 F2 a load that ${name} in the other process has overtaken is stored nowhere`,
    async (trial: Trial) => {
      const [one, other] = await two(trial);
      await knowTags(one);
      const load = await HeldLoad.begin(trial, one);
      await invalidate(other);
      assert.equal(await load.end(trial, 'old'), 'old');
      await expectOldNowhere(name, one, other, await trial.cache(), await trial.cache({ l1: false }));
    },
  ]),
);

const heard: Record<string, ConformanceCase['run']> = Object.fromEntries(
  Object.entries(INVALIDATIONS).map(([name, invalidate]) => [
    `P2 P3 ${name}: gone here at the acknowledgement, in the other process within D`,
    async (trial: Trial) => {
      const [one, other] = await two(trial);
      await one.set('k', 'old', { tags: ['t', 'late'], ttl: '1h' });
      assert.equal(await other.get('k'), 'old');
      await invalidate(one);
      await expectOldNowhere(name, one, await trial.cache({ l1: false }));
      const isGone = async (): Promise<boolean> => (await other.get('k')) !== 'old';
      await trial.until(isGone, 'the other process knows', MAX_STALENESS_MS + SLACK_MS);
      await expectOldNowhere(name, other);
    },
  ]),
);

export const twoProcesses = casesOf('two processes', {
  ...overtaken,
  ...heard,

  'P12 however many ask in both processes, one load': async (trial) => {
    const caches = await two(trial);
    for (let round = 0; round < 3; round++) {
      let loads = 0;
      const source = new Held<number>();
      const began = new Held();
      const reads = caches.flatMap((cache) =>
        Array.from({ length: 100 }, () =>
          cache.get(`k${round}`, () => {
            loads += 1;
            began.resolve();
            return source.promise;
          }),
        ),
      );
      await trial.done(began.promise);
      await trial.turn();
      source.resolve(round);
      assert.deepEqual(new Set(await trial.done(Promise.all(reads))), new Set([round]));
      assert.equal(loads, 1, 'One load among all processes.');
    }
  },

  'what one has loaded the other need not load': async (trial) => {
    const [one, other] = await two(trial);
    assert.equal(await trial.done(one.get('k', () => 'loaded', { tags: ['t'], ttl: '1h' })), 'loaded');
    await one.flush();
    assert.equal(await other.get('k', () => assert.fail('It was loaded twice.')), 'loaded');
    const entry = await (await trial.cache({ l1: false })).getEntry('k');
    assert.deepEqual(
      [entry?.value, entry?.source, entry?.stale, entry?.tags],
      ['loaded', 'l2', false, ['t']],
    );
    assert.ok(entry!.freshMs > 3_500_000 && entry!.freshMs <= 3_600_000, `freshMs: ${entry!.freshMs}`);
  },

  'a null is kept, and is a hit there': async (trial) => {
    const [one, other] = await two(trial);
    assert.equal(await trial.done(one.get('k', () => null)), null);
    await one.flush();
    assert.equal(await other.get('k', () => assert.fail('A cached null was loaded again.')), null);
    assert.equal((await other.getEntry('k'))?.value, null);
  },

  'a load that fails gives its lease back: the other process need not wait for its end (P11)': async (
    trial,
  ) => {
    const [one, other] = await two(trial);
    const load = await HeldLoad.begin(trial, one);
    const waiting = other.get('k', () => 'value');
    await trial.turn();
    await assert.rejects(load.fail(trial, new Error('source down')), /source down/);
    assert.equal(await trial.within(1500, 'the other process loads', waiting), 'value');
  },

  'a load that finds nothing gives its lease back, too (S13)': async (trial) => {
    const [one, other] = await two(trial);
    assert.equal(await trial.done(one.get('k', () => undefined)), null);
    await one.flush();
    assert.equal(
      await trial.within(
        1500,
        'the other process loads',
        other.get('k', () => 'value'),
      ),
      'value',
    );
  },

  'a stale value is served there, and refreshed': async (trial) => {
    const [one, other] = await two(trial);
    await one.set('k', 'old', { ttl: '50ms', grace: '1h' });
    await trial.until(async () => (await other.get('k')) === null, 'it is stale', 2_000);
    assert.deepEqual((await other.getEntry('k'))?.stale, true);
    assert.equal(await trial.done(other.get('k', () => 'new', { ttl: '1h' })), 'old');
    await trial.done(other.flush());
    assert.equal(await other.get('k'), 'new');
    assert.equal(await (await trial.cache({ l1: false })).get('k'), 'new');
  },

  'a stale value is not refreshed over an invalidation (P1)': async (trial) => {
    const [one, other] = await two(trial);
    await knowTags(one);
    await one.set('k', 'older', { ttl: '50ms', grace: '1h', tags: ['t'] });
    await trial.until(async () => (await one.get('k')) === null, 'it is stale', 2_000);
    const source = new Held<string>();
    const began = new Held();
    const load = (): Promise<string> => {
      began.resolve();
      return source.promise;
    };
    assert.equal(await trial.done(one.get('k', load, { tags: ['t'] })), 'older');
    await trial.done(began.promise);
    await other.delete('k');
    source.resolve('old');
    await trial.done(one.flush());
    await expectOldNowhere('a refresh', one, other, await trial.cache({ l1: false }));
  },

  'namespaces and their clear reach over processes': async (trial) => {
    const [one, other] = await two(trial);
    const at = (cache: CacheView, path: readonly string[]): CacheView =>
      path.reduce<CacheView>((view, name) => view.namespace(name), cache);
    const paths = [[], ['a'], ['a', 'b'], ['ab'], ['a:b']];
    const seen = async (cache: CacheView): Promise<unknown[]> => {
      const values: unknown[] = [];
      for (const path of paths) values.push(await at(cache, path).get('k'));
      return values;
    };
    for (const path of paths) await at(one, path).set('k', path.join('/'));
    assert.deepEqual(await seen(other), ['', 'a', 'a/b', 'ab', 'a:b']);
    await one.namespace('a').clear();
    const expected = ['', null, null, 'ab', 'a:b'];
    assert.deepEqual(await seen(await trial.cache({ l1: false })), expected);
    await trial.until(
      async () => String(await seen(other)) === String(expected),
      'the other process knows',
      MAX_STALENESS_MS + SLACK_MS,
    );
  },

  'a batch that an invalidation has overtaken is not stored': async (trial) => {
    const [one, other] = await two(trial);
    await knowTags(one);
    const source = new Held<string[]>();
    const began = new Held();
    const loading = one.getMany(['j', 'k'], () => {
      began.resolve();
      return source.promise;
    });
    await trial.done(began.promise);
    await other.delete('k');
    source.resolve(['good', 'old']);
    assert.deepEqual(await trial.done(loading), ['good', 'old']);
    await trial.done(one.flush());
    await expectOldNowhere('a batch', one, other, await trial.cache({ l1: false }));
    assert.equal(await other.get('j'), 'good');
  },

  'writers and readers in both processes: what was acknowledged is not undone (P1, P2)': async (trial) => {
    const caches = await two(trial);
    let source = 0;
    let acknowledged = 0;
    const check = (value: unknown, floor: number): void => {
      assert.ok((value as number) >= floor, `${String(value)} was read after ${floor} was acknowledged.`);
    };
    await trial.done(
      Promise.all(
        caches.map(async (cache, process) => {
          const strict = await trial.cache({ l1: false });
          for (let round = 0; round < 40; round++) {
            if (round % 4 === process) {
              source += 1;
              const own = source;
              await (round % 8 < 4 ? cache.delete('k') : cache.invalidateTag('t'));
              acknowledged = Math.max(acknowledged, own);
              check(await cache.get('k', () => source, { tags: ['t'] }), own);
            } else {
              const floor = acknowledged;
              check(await strict.get('k', () => source, { tags: ['t'] }), floor);
            }
          }
        }),
      ),
    );
  },
});
