import assert from 'node:assert/strict';
import type { CacheStore } from '@larder/cache-core/store';
import { type ConformanceCase, casesOf } from '../conformance-case.ts';
import { Held } from '../held.ts';
import { expectOldNowhere, HeldLoad, INVALIDATIONS, knowTags } from '../overtaking.ts';
import type { Trial } from '../trial.ts';

async function expectNotInStore(store: CacheStore, what: string): Promise<void> {
  assert.notEqual(await store.get('k'), 'old', `${what}: the old value is in the store.`);
}

const overtaken: Record<string, ConformanceCase['run']> = Object.fromEntries(
  Object.entries(INVALIDATIONS).map(([name, invalidate]) => [
    `P1 F1 a load that ${name} has overtaken is stored nowhere`,
    async (trial: Trial) => {
      const store = await trial.open();
      const cache = await trial.cache({}, store);
      await knowTags(cache);
      const load = await HeldLoad.begin(trial, cache);
      await invalidate(cache);
      assert.equal(await load.end(trial, 'old'), 'old');
      await expectOldNowhere(name, cache, await trial.cache({}, store));
      await expectNotInStore(store, name);
      assert.equal(await trial.done(cache.get('j', () => 'loaded')), 'loaded');
    },
  ]),
);

export const loads = casesOf('loads', {
  ...overtaken,

  'a load that nothing has overtaken is stored': async (trial) => {
    const store = await trial.open();
    const cache = await trial.cache({}, store);
    await knowTags(cache);
    const load = await HeldLoad.begin(trial, cache);
    assert.equal(await load.end(trial, 'good'), 'good');
    await cache.flush();
    assert.equal(await cache.get('k'), 'good');
    assert.equal(await trial.done(cache.get('k', () => 'loaded again')), 'good');
  },

  'F3 who comes after the acknowledgement does not join the load from before': async (trial) => {
    const cache = await trial.cache();
    await knowTags(cache);
    const before = await HeldLoad.begin(trial, cache);
    await cache.delete('k');
    const after = await HeldLoad.begin(trial, cache);
    assert.equal(await after.end(trial, 'new'), 'new');
    assert.equal(await before.end(trial, 'old'), 'old');
    assert.equal(await cache.get('k'), 'new');
  },

  'P12 however many ask at once, one load': async (trial) => {
    const cache = await trial.cache();
    let loadCount = 0;
    const source = new Held<string>();
    const began = new Held();
    const reads = Array.from({ length: 100 }, () =>
      cache.get('k', () => {
        loadCount += 1;
        began.resolve();
        return source.promise;
      }),
    );
    await trial.done(began.promise);
    source.resolve('value');
    assert.deepEqual(new Set(await trial.done(Promise.all(reads))), new Set(['value']));
    assert.equal(loadCount, 1);
    assert.equal(await cache.get('k'), 'value');
  },

  'P11 F23 a loader that fails: all who wait get its error, and nothing is kept': async (trial) => {
    const cache = await trial.cache();
    const failure = new Error('source down');
    const reads = Array.from({ length: 5 }, () => cache.get('k', () => Promise.reject(failure)));
    for (const outcome of await trial.done(Promise.allSettled(reads)))
      assert.ok(outcome.status === 'rejected' && outcome.reason === failure);
    assert.equal(await cache.get('k'), null);
    assert.equal(await trial.done(cache.get('k', () => 'value')), 'value');
  },

  'P2 a cache reads what it has written, and nothing from before': async (trial) => {
    const cache = await trial.cache();
    for (let round = 0; round < 30; round++) {
      await cache.set('k', round, { tags: ['t'] });
      assert.equal(await cache.get('k'), round);
      await (round % 3 === 0
        ? cache.delete('k')
        : round % 3 === 1
          ? cache.invalidateTag('t')
          : cache.clear());
      assert.equal(await cache.get('k'), null);
      assert.equal(await trial.done(cache.get('k', () => `loaded ${round}`)), `loaded ${round}`);
    }
  },

  'several keys at once: the loader is asked for those that are missing, and they are kept': async (
    trial,
  ) => {
    const cache = await trial.cache();
    await cache.set('b', 'kept');
    const asked: string[] = [];
    const load = (keys: readonly string[]): string[] => {
      asked.push(...keys);
      return keys.map((key) => `loaded ${key}`);
    };
    const expected = ['loaded a', 'kept', 'loaded c'];
    assert.deepEqual(await trial.done(cache.getMany(['a', 'b', 'c'], load)), expected);
    assert.deepEqual(asked, ['a', 'c']);
    await cache.flush();
    assert.deepEqual(await cache.getMany(['a', 'b', 'c']), expected);
  },

  'a load that names tags late is invalidated by them afterwards (P7)': async (trial) => {
    const cache = await trial.cache();
    await knowTags(cache);
    const load = await HeldLoad.begin(trial, cache);
    await load.end(trial, 'value');
    await cache.flush();
    assert.equal(await cache.get('k'), 'value');
    await cache.invalidateTag('late');
    assert.equal(await cache.get('k'), null);
  },
});
