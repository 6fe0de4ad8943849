import assert from 'node:assert/strict';
import { CacheErrorCode } from '@larder/cache-core';
import type { CacheStore } from '@larder/cache-core/store';
import { casesOf } from '../conformance-case.ts';
import { badDurations } from '../hostile-input.ts';
import { refusal } from '../refusal.ts';
import type { Trial } from '../trial.ts';

/** Two clocks that count whole milliseconds may differ by so much about the same moment. */
const CLOCK_ERROR_MS = 5;
const DAY_S = 86_400;

/**
 * Waits for the end of entries with these times to live, in seconds, and sees that none is early, nor later than a store
 * which counts in whole seconds can make it.
 */
async function expectEnds(trial: Trial, store: CacheStore, ttls: readonly number[]): Promise<void> {
  await Promise.all(
    ttls.map(async (ttl, at) => {
      const key = `k${at}`;
      const startedMs = trial.clock.now();
      await store.set(key, 'value', ttl);
      const setMs = trial.clock.now();
      // Each look is judged by when it ended: whatever it saw was not later than that.
      await trial.until(
        async () => {
          if ((await store.get(key)) !== null) return false;
          const agedMs = trial.clock.now() - startedMs;
          assert.ok(agedMs >= ttl * 1000 - CLOCK_ERROR_MS, `A ttl of ${ttl} s was over after ${agedMs} ms.`);
          return true;
        },
        `what was set for ${ttl} s is gone`,
        (Math.ceil(ttl) + 1) * 1000 + trial.clock.now() - setMs,
      );
    }),
  );
}

export const expiry = casesOf('expiry', {
  'the unit is the second: never early, never late': async (trial) => {
    const store = await trial.open();
    // One after another where the clock stands still until it is moved.
    if (trial.manualClock === null) await expectEnds(trial, store, [0.2, 1]);
    else for (const ttl of [1, 2, 60]) await expectEnds(trial, store, [ttl]);
  },

  'fractions of a second count, and are rounded up at most': async (trial) => {
    const store = await trial.open();
    if (trial.manualClock === null) await expectEnds(trial, store, [0.05, 0.35, 1.25]);
    else for (const ttl of [0.001, 0.0001, 0.07, 1.5]) await expectEnds(trial, store, [ttl]);
  },

  'a ttl of 0 deletes': async (trial) => {
    const store = await trial.open();
    await store.set('k', 'old');
    await store.set('k', 'new', 0);
    assert.equal(await store.get('k'), null);
    await store.set('other', 'new', 0);
    assert.equal(await store.get('other'), null);
  },

  'no ttl, and one of Infinity, have no end': async (trial) => {
    const store = await trial.open();
    await store.set('a', 1);
    await store.set('b', 2, Infinity);
    await store.set('c', 3, undefined);
    trial.manualClock?.advanceSync(31 * DAY_S * 1000);
    assert.deepEqual(await Promise.all(['a', 'b', 'c'].map((key) => store.get(key))), [1, 2, 3]);
  },

  'more than 2^31 milliseconds, and more than 30 days, are no short time': async (trial) => {
    const store = await trial.open();
    for (const ttl of [
      2 ** 31 / 1000,
      2 ** 31 / 1000 + 1,
      30 * DAY_S,
      30 * DAY_S + 1,
      400 * DAY_S,
      2 ** 31,
    ]) {
      await store.set(`k${ttl}`, ttl, ttl);
      await trial.turn();
      assert.equal(await store.get(`k${ttl}`), ttl);
      // A store may set itself a timer every few seconds: further on is too far.
      if (trial.manualClock === null || ttl > 31 * DAY_S) continue;
      trial.manualClock.advanceSync(ttl * 1000 - 1000);
      assert.equal(await store.get(`k${ttl}`), ttl, `A second before the end of ${ttl} s.`);
      trial.manualClock.advanceSync(2000);
      assert.equal(await store.get(`k${ttl}`), null, `A second after the end of ${ttl} s.`);
    }
  },

  'a set begins a new life': async (trial) => {
    const store = await trial.open();
    await store.set('longer', 1, 0.1);
    await store.set('longer', 2);
    await store.set('shorter', 1);
    await store.set('shorter', 2, 0.1);
    await trial.until(async () => (await store.get('shorter')) === null, 'the shorter life is over', 2_000);
    assert.equal(await store.get('longer'), 2);
  },

  'what can be no length of time is refused, and nothing is stored': async (trial) => {
    const store = await trial.open();
    await store.set('k', 'before');
    // A string with a unit, and null, are for caches alone.
    for (const ttl of badDurations) {
      const call = (): Promise<void> => store.set('k', 'after', ttl as number);
      await refusal(`a ttl of ${String(ttl)}`, call, CacheErrorCode.INVALID_CONFIGURATION);
    }
    assert.equal(await store.get('k'), 'before');
  },

  'an entry of a cache ends there, too': async (trial) => {
    const cache = await trial.cache();
    await cache.set('k', 'value', '100ms');
    assert.equal(await cache.get('k'), 'value');
    await trial.until(async () => (await cache.get('k')) === null, 'the entry is over', 2_100);
    assert.equal(await cache.get('k', () => 'new'), 'new');
  },
});
