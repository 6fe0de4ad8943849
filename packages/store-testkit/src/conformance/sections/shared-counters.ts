import assert from 'node:assert/strict';
import { CacheErrorCode } from '@larder/cache-core';
import type { SharedStore } from '@larder/cache-core/store';
import { casesOf } from '../conformance-case.ts';
import { refusal } from '../refusal.ts';
import { draft, entryAt, expectRefused, freshAt, obtain, validAt, write } from '../shared-entries.ts';

function count(store: SharedStore, by = 1, ttlMs = Infinity, tags: readonly string[] = []): Promise<number> {
  return store.increment!({ key: '@place:k', by, ttlMs, stamps: ['', 'n:place'], tags });
}

export const sharedCounters = casesOf('shared counters', {
  'two processes that count get each a sum of their own': async (trial) => {
    const [one, other] = [await trial.openShared(), await trial.openShared()];
    const sums = await Promise.all(Array.from({ length: 60 }, (_, at) => count(at % 2 === 0 ? one : other)));
    assert.deepEqual(
      sums.toSorted((left, right) => left - right),
      Array.from({ length: 60 }, (_, at) => at + 1),
    );
    assert.equal(await freshAt(one, '@place:k', ['', 'n:place']), 60);
  },

  'a counter whose stamp has moved begins at 0': async (trial) => {
    const [one, other] = [await trial.openShared(), await trial.openShared()];
    assert.equal(await count(one, 5, Infinity, ['t:a']), 5);
    for (const stamp of ['n:place', '', 't:a']) {
      await other.invalidate({ keys: [], stamps: [stamp], mode: 'delete' });
      assert.equal(await count(one, 5, Infinity, ['t:a']), 5, `after '${stamp}'`);
    }
    await other.invalidate({ keys: ['@place:k'], stamps: [], mode: 'delete' });
    assert.equal(await count(one, 2), 2);
  },

  'a stale counter begins at 0; a new end is its own': async (trial) => {
    const store = await trial.openShared();
    await count(store, 5, 100);
    await count(store, 1, 60_000);
    await trial.until(
      async () => (await freshAt(store, '@place:k', ['', 'n:place'])) === undefined,
      'the counter is over',
      2_000,
    );
    assert.equal(await count(store, 1), 1);
    assert.equal((await entryAt(store, '@place:k'))?.freshMs, Infinity);
  },

  'an existing counter keeps its end and its tags': async (trial) => {
    const store = await trial.openShared();
    await count(store, 5, 60_000, ['t:a']);
    await count(store, 1, Infinity, ['t:b']);
    const entry = (await entryAt(store, '@place:k'))!;
    assert.equal(entry.value, 6);
    assert.ok(entry.freshMs <= 60_000, `freshMs: ${entry.freshMs}`);
    assert.deepEqual([...entry.tags], ['t:a']);
    await store.invalidate({ keys: [], stamps: ['t:a'], mode: 'delete' });
    assert.equal(await validAt(store, '@place:k', ['', 'n:place']), undefined);
  },

  'it voids the lease': async (trial) => {
    const [one, other] = [await trial.openShared(), await trial.openShared()];
    const lease = await obtain(one, '@place:k', { stamps: ['', 'n:place'] });
    await count(other, 7);
    await expectRefused(one, lease, draft(99, { stamps: ['', 'n:place'] }), 'a count came between');
    assert.equal(await freshAt(one, '@place:k', ['', 'n:place']), 7);
  },

  'what is no whole number is refused, and stays': async (trial) => {
    const store = await trial.openShared();
    for (const value of ['text', 1.5, null, { a: 1 }]) {
      await write(store, '@place:k', draft(value, { stamps: ['', 'n:place'] }));
      await refusal(`counting on ${String(value)}`, () => count(store), CacheErrorCode.INVALID_VALUE);
      assert.deepEqual(await validAt(store, '@place:k', ['', 'n:place']), value);
    }
    await write(store, '@place:k', draft(10, { stamps: ['', 'n:place'] }));
    assert.equal(await count(store, 5), 15);
    await count(store, Number.MAX_SAFE_INTEGER - 15);
    await refusal('2^53', () => count(store), CacheErrorCode.INVALID_VALUE);
  },

  'through caches: counted by both, seen by both': async (trial) => {
    const [one, other] = [await trial.cache(), await trial.cache()];
    const spaces = [one.namespace('n'), other.namespace('n')];
    await Promise.all(Array.from({ length: 20 }, (_, at) => spaces[at % 2]!.increment('k')));
    assert.equal(await (await trial.cache()).namespace('n').get('k'), 20);
    await one.namespace('n').clear();
    assert.equal(await other.namespace('n').increment('k', 3), 3);
  },
});
