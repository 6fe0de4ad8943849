import assert from 'node:assert/strict';
import { CacheErrorCode } from '@larder/cache-core';
import { casesOf } from '../conformance-case.ts';
import { badDurations, badValues, goodKeys } from '../hostile-input.ts';
import { refusal } from '../refusal.ts';

export const bulk = casesOf('bulk', {
  'answers stand in the order of the keys': async (trial) => {
    const { store, bulk: access } = await trial.openFor('bulk');
    for (const key of ['a', 'b', 'c', 'd']) await store.set(key, `value of ${key}`);
    assert.deepEqual(await access.getMany(['c', 'missing', 'a', 'd', 'b']), [
      'value of c',
      null,
      'value of a',
      'value of d',
      'value of b',
    ]);
  },

  'one key may stand there twice': async (trial) => {
    const { store, bulk: access } = await trial.openFor('bulk');
    await store.set('a', 1);
    assert.deepEqual(await access.getMany(['a', 'b', 'a', 'b']), [1, null, 1, null]);
    await access.setMany([
      { key: 'a', value: 2 },
      { key: 'b', value: 3 },
      { key: 'a', value: 4 },
    ]);
    assert.deepEqual(await access.getMany(['a', 'b']), [4, 3]);
    await access.deleteMany(['a', 'a']);
    assert.deepEqual(await access.getMany(['a', 'b']), [null, 3]);
  },

  'no keys at all': async (trial) => {
    const { bulk: access } = await trial.openFor('bulk');
    assert.deepEqual(await access.getMany([]), []);
    assert.equal(await access.setMany([]), undefined);
    assert.equal(await access.deleteMany([]), undefined);
  },

  'a thousand keys': async (trial) => {
    const { store, bulk: access } = await trial.openFor('bulk');
    const keys = Array.from({ length: 1000 }, (_, at) => `k${at}`);
    await access.setMany(keys.map((key, at) => ({ key, value: at })));
    assert.deepEqual(await access.getMany(keys), [...keys.keys()]);
    await access.deleteMany(keys.filter((_, at) => at % 2 === 0));
    assert.deepEqual(
      await access.getMany(keys),
      keys.map((_, at) => (at % 2 === 0 ? null : at)),
    );
    assert.equal(await store.get('k1'), 1);
  },

  'hostile keys, each with its own value': async (trial) => {
    const { bulk: access } = await trial.openFor('bulk');
    await access.setMany(goodKeys.map((key, at) => ({ key, value: at })));
    assert.deepEqual(await access.getMany(goodKeys), [...goodKeys.keys()]);
    await access.deleteMany(goodKeys);
    assert.ok((await access.getMany(goodKeys)).every((value) => value === null));
  },

  'each item has its own life': async (trial) => {
    const { bulk: access } = await trial.openFor('bulk');
    await access.setMany([
      { key: 'short', value: 1, ttl: 0.1 },
      { key: 'long', value: 2, ttl: 1000 },
      { key: 'endless', value: 3 },
    ]);
    assert.deepEqual(await access.getMany(['short', 'long', 'endless']), [1, 2, 3]);
    await trial.until(
      async () => (await access.getMany(['short']))[0] === null,
      'the short life is over',
      2_100,
    );
    assert.deepEqual(await access.getMany(['long', 'endless']), [2, 3]);
    await access.setMany([{ key: 'long', value: 4, ttl: 0 }]);
    assert.deepEqual(await access.getMany(['long', 'endless']), [null, 3]);
  },

  'of a list with something that cannot be stored, nothing is': async (trial) => {
    const { bulk: access } = await trial.openFor('bulk');
    const good = { key: 'good', value: 1 };
    for (const [name, value] of badValues) {
      const call = (): Promise<void> => access.setMany([good, { key: 'bad', value }]);
      await refusal(name, call, CacheErrorCode.INVALID_VALUE);
    }
    for (const ttl of badDurations.filter((one) => typeof one === 'number')) {
      const call = (): Promise<void> => access.setMany([good, { key: 'bad', value: 1, ttl }]);
      await refusal(`a ttl of ${ttl}`, call, CacheErrorCode.INVALID_CONFIGURATION);
    }
    assert.deepEqual(await access.getMany(['good', 'bad']), [null, null]);
  },

  'falsy values are hits, and absence is null': async (trial) => {
    const { bulk: access } = await trial.openFor('bulk');
    const values = [0, '', false];
    await access.setMany(values.map((value, at) => ({ key: `k${at}`, value })));
    assert.deepEqual(await access.getMany(['k0', 'k1', 'k2', 'k3']), [...values, null]);
  },

  'what was set one by one is seen in bulk, and the reverse': async (trial) => {
    const { store, bulk: access } = await trial.openFor('bulk');
    await store.set('a', 1);
    await access.setMany([{ key: 'b', value: 2 }]);
    assert.deepEqual([await access.getMany(['a', 'b']), await store.get('b')], [[1, 2], 2]);
    await access.deleteMany(['a']);
    assert.equal(await store.get('a'), null);
  },
});
