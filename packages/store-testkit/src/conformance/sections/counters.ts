import assert from 'node:assert/strict';
import { CacheErrorCode, isCacheError } from '@larder/cache-core';
import { casesOf } from '../conformance-case.ts';
import { refusal } from '../refusal.ts';

export const counters = casesOf('counters', {
  'a counter begins at 0, and goes both ways': async (trial) => {
    const { store, counters: count } = await trial.openFor('counters');
    assert.equal(await count.increment('k', 1), 1);
    assert.equal(await count.increment('k', 41), 42);
    assert.equal(await count.increment('k', -50), -8);
    assert.equal(await count.increment('k', 0), -8);
    assert.equal(await store.get('k'), -8);
    assert.equal(await count.increment('other', -3), -3);
  },

  'those who count at once get each a sum of their own (P5)': async (trial) => {
    const { store, counters: count } = await trial.openFor('counters');
    const sums = await Promise.all(Array.from({ length: 100 }, () => count.increment('k', 1)));
    assert.deepEqual(
      sums.toSorted((one, other) => one - other),
      Array.from({ length: 100 }, (_, at) => at + 1),
    );
    assert.equal(await store.get('k'), 100);
  },

  'a whole number that was set is counted on, or that is refused': async (trial) => {
    const { store, counters: count } = await trial.openFor('counters');
    await store.set('k', 10);
    try {
      assert.equal(await count.increment('k', 5), 15);
      assert.equal(await store.get('k'), 15);
    } catch (error) {
      if (!isCacheError(error, CacheErrorCode.UNSUPPORTED)) throw error;
      assert.equal(await store.get('k'), 10);
    }
  },

  'what is no whole number is refused, and stays': async (trial) => {
    const { store, counters: count } = await trial.openFor('counters');
    for (const value of ['text', '5', 1.5, { a: 1 }, true, [1], Number.NaN]) {
      await store.set('k', value);
      const codes = [CacheErrorCode.INVALID_VALUE, CacheErrorCode.UNSUPPORTED];
      await refusal(`counting on ${String(value)}`, () => count.increment('k', 1), ...codes);
      assert.deepEqual(await store.get('k'), value);
    }
  },

  'a sum that no number can hold is refused, and the counter stays': async (trial) => {
    const { counters: count } = await trial.openFor('counters');
    await count.increment('k', Number.MAX_SAFE_INTEGER);
    await refusal('2^53', () => count.increment('k', 1), CacheErrorCode.INVALID_VALUE);
    assert.equal(await count.increment('k', -1), Number.MAX_SAFE_INTEGER - 1);
  },

  'a step that is no whole number is refused': async (trial) => {
    const { store, counters: count } = await trial.openFor('counters');
    for (const by of [0.5, Number.NaN, Infinity, '1', 2 ** 53, undefined]) {
      await refusal(`a step of ${String(by)}`, () => count.increment('k', by as number));
    }
    assert.equal(await store.get('k'), null);
  },

  'a deleted, cleared or expired counter begins anew': async (trial) => {
    const { store, counters: count } = await trial.openFor('counters');
    await count.increment('k', 5);
    await store.delete('k');
    assert.equal(await count.increment('k', 1), 1);
    await store.clear();
    assert.equal(await count.increment('k', 2), 2);
    await store.delete('k');
    await count.increment('k', 5, 0.1);
    await trial.until(async () => (await store.get('k')) === null, 'the counter is over', 2_100);
    assert.equal(await count.increment('k', 1), 1);
  },

  'a ttl is given to a counter that begins; an existing one keeps its end': async (trial) => {
    const { store, counters: count } = await trial.openFor('counters');
    await count.increment('ends', 1, 0.2);
    await count.increment('ends', 1, 1000);
    await count.increment('endless', 1);
    await count.increment('endless', 1, 0.1);
    await trial.until(async () => (await store.get('ends')) === null, 'the counter is over', 2_200);
    assert.equal(await store.get('endless'), 2);
  },

  'a set in its place ends it': async (trial) => {
    const { store, counters: count } = await trial.openFor('counters');
    await count.increment('k', 5);
    await store.set('k', 'text');
    assert.equal(await store.get('k'), 'text');
  },
});
