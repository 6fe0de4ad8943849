import assert from 'node:assert/strict';
import { casesOf } from '../conformance-case.ts';

const MANY = 500;

export const deletion = casesOf('deletion', {
  'delete takes its key and no other': async (trial) => {
    const store = await trial.open();
    await store.set('a', 1);
    await store.set('b', 2);
    await store.delete('a');
    await store.delete('never set');
    assert.deepEqual([await store.get('a'), await store.get('b')], [null, 2]);
  },

  'delete, set, get: the new value': async (trial) => {
    const store = await trial.open();
    for (let round = 0; round < 50; round++) {
      await store.set('k', round);
      assert.equal(await store.get('k'), round);
      await store.delete('k');
      assert.equal(await store.get('k'), null);
    }
  },

  'clear takes everything': async (trial) => {
    const store = await trial.open();
    await Promise.all(Array.from({ length: MANY }, (_, at) => store.set(`k${at}`, at)));
    await store.clear();
    const left = await Promise.all(Array.from({ length: MANY }, (_, at) => store.get(`k${at}`)));
    assert.ok(left.every((value) => value === null));
  },

  'clear of an empty store, and a second one, do nothing': async (trial) => {
    const store = await trial.open();
    await store.clear();
    await store.clear();
    assert.equal(await store.get('k'), null);
  },

  'what is set after a clear stays, however soon after': async (trial) => {
    const store = await trial.open();
    for (let round = 0; round < 50; round++) {
      await store.clear();
      await store.set('k', round);
      assert.equal(await store.get('k'), round);
    }
  },

  'a store next door, whose name begins with this one, is left alone by a clear': async (trial) => {
    const [store, sibling] = [await trial.open(), await trial.open({ sibling: true })];
    for (const one of [store, sibling]) for (const key of ['k', '*', 'a:b']) await one.set(key, 'value');
    await store.clear();
    for (const key of ['k', '*', 'a:b']) {
      assert.equal(await store.get(key), null);
      assert.equal(await sibling.get(key), 'value');
    }
    await store.set('k', 'mine');
    await sibling.clear();
    assert.equal(await sibling.get('k'), null);
    assert.equal(await store.get('k'), 'mine');
  },

  'a store next door does not share keys, and its deletions stay there': async (trial) => {
    const [store, sibling] = [await trial.open(), await trial.open({ sibling: true })];
    await store.set('k', 'mine');
    assert.equal(await sibling.get('k'), null);
    await sibling.set('k', 'theirs');
    await sibling.delete('k');
    assert.equal(await store.get('k'), 'mine');
  },

  'what another program keeps in the same place is left alone (P17)': async (trial) => {
    const store = await trial.open();
    const { persistent, remote } = store.capabilities ?? {};
    if (persistent !== true && remote === undefined) return;
    await trial.foreign.plant();
    await store.set('k', 'value');
    await store.delete('k');
    await store.clear();
    assert.ok(await trial.foreign.isIntact(), 'Data of another program was touched.');
  },

  'through a cache: clear takes namespaces and what stands outside them': async (trial) => {
    const cache = await trial.cache();
    await cache.set('k', 1);
    await cache.namespace('n').set('k', 2);
    await cache.clear();
    assert.deepEqual([await cache.get('k'), await cache.namespace('n').get('k')], [null, null]);
  },
});
