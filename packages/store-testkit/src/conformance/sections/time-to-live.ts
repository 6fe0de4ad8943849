import assert from 'node:assert/strict';
import { CacheErrorCode } from '@larder/cache-core';
import { casesOf } from '../conformance-case.ts';
import { badDurations } from '../hostile-input.ts';
import { refusal } from '../refusal.ts';

/** A store that counts in whole seconds may say a second more than is left. */
const RESOLUTION_S = 1;

export const timeToLive = casesOf('time to live', {
  'ttl says what is left: never more than was given, rounded up': async (trial) => {
    const { store, timeToLive: life } = await trial.openFor('timeToLive');
    for (const given of [5, 60, 0.7, 86_400 * 40, 2 ** 31]) {
      await store.set('k', 1, given);
      const left = await life.ttl('k');
      assert.ok(left !== null && left > 0, `Of ${given} s nothing is left.`);
      assert.ok(left <= Math.ceil(given) + 0.001, `Of ${given} s ${left} are left.`);
      assert.ok(left >= given - 2 - RESOLUTION_S, `Of ${given} s only ${left} are left.`);
    }
  },

  'ttl is null for nothing, and Infinity for what has no end': async (trial) => {
    const { store, timeToLive: life } = await trial.openFor('timeToLive');
    assert.equal(await life.ttl('k'), null);
    await store.set('k', 1);
    assert.equal(await life.ttl('k'), Infinity);
    await store.delete('k');
    assert.equal(await life.ttl('k'), null);
  },

  'expire sets the time from now, shorter or longer': async (trial) => {
    const { store, timeToLive: life } = await trial.openFor('timeToLive');
    await store.set('longer', 1, 0.2);
    assert.equal(await life.expire('longer', 1000), true);
    await store.set('shorter', 2, 1000);
    assert.equal(await life.expire('shorter', 0.2), true);
    await store.set('unending', 3, 0.2);
    assert.equal(await life.expire('unending', Infinity), true);
    await trial.until(async () => (await store.get('shorter')) === null, 'the shorter life is over', 2_300);
    assert.deepEqual([await store.get('longer'), await store.get('unending')], [1, 3]);
    assert.equal(await life.ttl('unending'), Infinity);
    assert.equal(await life.ttl('shorter'), null);
  },

  'expire brings nothing back': async (trial) => {
    const { store, timeToLive: life } = await trial.openFor('timeToLive');
    assert.equal(await life.expire('never', 100), false);
    await store.set('deleted', 1);
    await store.delete('deleted');
    assert.equal(await life.expire('deleted', 100), false);
    await store.set('expired', 1, 0.1);
    await trial.until(async () => (await store.get('expired')) === null, 'an entry is over', 2_100);
    assert.equal(await life.expire('expired', 100), false);
    await store.set('cleared', 1);
    await store.clear();
    assert.equal(await life.expire('cleared', 100), false);
    for (const key of ['never', 'deleted', 'expired', 'cleared']) assert.equal(await store.get(key), null);
  },

  'expire with 0 removes': async (trial) => {
    const { store, timeToLive: life } = await trial.openFor('timeToLive');
    await store.set('k', 1);
    assert.equal(await life.expire('k', 0), true);
    assert.equal(await store.get('k'), null);
    assert.equal(await life.expire('k', 0), false);
  },

  'expire leaves the value as it is': async (trial) => {
    const { store, timeToLive: life } = await trial.openFor('timeToLive');
    const value = { list: [1, 'two', new Date(3)] };
    await store.set('k', value);
    await life.expire('k', 100);
    assert.deepEqual(await store.get('k'), value);
  },

  'what can be no length of time is refused': async (trial) => {
    const { store, timeToLive: life } = await trial.openFor('timeToLive');
    await store.set('k', 1);
    for (const ttl of badDurations.filter((one) => typeof one === 'number')) {
      await refusal(`expire with ${ttl}`, () => life.expire('k', ttl), CacheErrorCode.INVALID_CONFIGURATION);
    }
    assert.equal(await life.ttl('k'), Infinity);
  },
});
