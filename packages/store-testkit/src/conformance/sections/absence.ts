import assert from 'node:assert/strict';
import { casesOf } from '../conformance-case.ts';
import { goodKeys } from '../hostile-input.ts';

const FALSY: readonly unknown[] = [0, '', false, Number.NaN];

export const absence = casesOf('absence', {
  'a key that was never set is null': async (trial) => {
    const store = await trial.open();
    for (const key of goodKeys)
      assert.equal(await store.get(key), null, `${JSON.stringify(key.slice(0, 40))}`);
  },

  'a key that was deleted is null': async (trial) => {
    const store = await trial.open();
    await store.set('k', 'value');
    await store.delete('k');
    assert.equal(await store.get('k'), null);
  },

  'falsy values are hits': async (trial) => {
    const store = await trial.open();
    for (const value of FALSY) {
      await store.set('k', value);
      assert.deepEqual(await store.get('k'), value);
    }
  },

  'falsy values are hits through a cache: no load': async (trial) => {
    const cache = await trial.cache();
    for (const value of FALSY) {
      await cache.set('k', value);
      const answer = await cache.get<unknown>('k', () => assert.fail(`${String(value)} was loaded again.`));
      assert.deepEqual(answer, value);
    }
  },

  'get, set, delete and clear answer promises; those of set, delete and clear are empty': async (trial) => {
    const store = await trial.open();
    const calls = [store.set('k', 1), store.get('k'), store.delete('k'), store.clear()];
    for (const call of calls) assert.equal(typeof call.then, 'function');
    const [set, , deleted, cleared] = await Promise.all(calls);
    assert.deepEqual([set, deleted, cleared], [undefined, undefined, undefined]);
    assert.equal(await store.delete('nothing'), undefined);
  },

  'an object with a member `then` that is no function is not taken for a promise': async (trial) => {
    const store = await trial.open();
    // biome-ignore lint/suspicious/noThenProperty: what is tested
    await store.set('k', { then: 'later' });
    // biome-ignore lint/suspicious/noThenProperty: what is tested
    assert.deepEqual(await store.get('k'), { then: 'later' });
  },

  'a loader that finds nothing leaves nothing': async (trial) => {
    const cache = await trial.cache();
    let loads = 0;
    const loader = (): undefined => {
      loads += 1;
    };
    assert.equal(await cache.get('k', loader), null);
    assert.equal(await cache.get('k', loader), null);
    assert.equal(await cache.getEntry('k'), null);
    assert.equal(loads, 2);
  },
});
