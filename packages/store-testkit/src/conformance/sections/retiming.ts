import assert from 'node:assert/strict';
import type { SharedStore } from '@larder/cache-core/store';
import { casesOf } from '../conformance-case.ts';
import { draft, entryAt, obtain, validAt, write } from '../shared-entries.ts';

async function retime(store: SharedStore, key: string, ttlMs: number, graceMs = 0): Promise<boolean> {
  const entry = await entryAt(store, key);
  assert.ok(entry !== null);
  const [done] = await store.retime!([{ key, seen: entry.seen, ttlMs, graceMs, stamps: entry.tags }]);
  return done!;
}

export const retiming = casesOf('retiming', {
  'it sets what is left from now, shorter or longer': async (trial) => {
    const [one, other] = [await trial.openShared(), await trial.openShared()];
    await write(one, ':k', draft('value', { ttlMs: 10_000 }));
    assert.equal(await retime(one, ':k', 90_000, 5_000), true);
    const entry = (await entryAt(other, ':k'))!;
    assert.ok(entry.freshMs > 80_000 && entry.freshMs <= 90_000, `freshMs: ${entry.freshMs}`);
    assert.ok(entry.keptMs > entry.freshMs && entry.keptMs <= 95_000, `keptMs: ${entry.keptMs}`);
    assert.equal(entry.value, 'value');
    assert.equal(await retime(other, ':k', Infinity), true);
    assert.equal((await entryAt(one, ':k'))?.freshMs, Infinity);
    assert.equal(await retime(one, ':k', 100), true);
    await trial.until(async () => (await entryAt(other, ':k')) === null, 'the shorter life is over', 2_000);
  },

  'false where the entry is no longer the one that was seen, or gone': async (trial) => {
    const store = await trial.openShared();
    await write(store, ':k', draft('first', { ttlMs: 10_000 }));
    const { seen } = (await entryAt(store, ':k'))!;
    await write(store, ':k', draft('second', { ttlMs: 10_000 }));
    assert.deepEqual(await store.retime!([{ key: ':k', seen, ttlMs: 90_000, graceMs: 0, stamps: [] }]), [
      false,
    ]);
    assert.ok(((await entryAt(store, ':k'))?.freshMs ?? Infinity) <= 10_000);
    await store.invalidate({ keys: [':k'], stamps: [], mode: 'delete' });
    assert.deepEqual(await store.retime!([{ key: ':k', seen, ttlMs: 90_000, graceMs: 0, stamps: [] }]), [
      false,
    ]);
    assert.equal(await entryAt(store, ':k'), null);
  },

  'several at once, answered in order': async (trial) => {
    const store = await trial.openShared();
    for (const key of [':a', ':b', ':c']) await write(store, key, draft(key));
    const seen = (await store.read([':a', ':b', ':c'], { stamps: [] })).entries.map((entry) => entry!.seen);
    await write(store, ':b', draft('other'));
    const requests = [':a', ':b', ':c'].map((key, at) => ({
      key,
      seen: seen[at]!,
      ttlMs: 500,
      graceMs: 0,
      stamps: [],
    }));
    assert.deepEqual(await store.retime!(requests), [true, false, true]);
    assert.deepEqual(await store.retime!([]), []);
  },

  'what is dead under a stamp stays dead (S15)': async (trial) => {
    const store = await trial.openShared();
    await write(store, ':k', draft('value', { tags: ['t:a'] }));
    const { seen } = (await entryAt(store, ':k'))!;
    await store.invalidate({ keys: [], stamps: ['t:a'], mode: 'delete' });
    await store.retime!([{ key: ':k', seen, ttlMs: 90_000, graceMs: 0, stamps: [] }]);
    assert.equal(await validAt(store, ':k'), undefined);
  },

  'through caches: expire with a time and touch, seen by the other process': async (trial) => {
    const [one, other] = [await trial.cache(), await trial.cache({ l1: false })];
    await one.set('k', 'value', '1h');
    assert.equal(await other.get('k'), 'value');
    assert.equal(await one.expire('k', '100ms'), true);
    await trial.until(async () => (await other.get('k')) === null, 'the shorter life is over', 2_000);
    assert.equal(await one.touch('k'), false);
    await one.set('k', 'value', '1h');
    assert.equal(await one.touch('k'), true);
    assert.equal(await other.get('k'), 'value');
  },

  'an expired lease is no obstacle, and a lease in force stands': async (trial) => {
    const store = await trial.openShared();
    await write(store, ':k', draft('value'));
    const { seen } = (await entryAt(store, ':k'))!;
    const lease = await obtain(store, ':k', { seen });
    await store.retime!([{ key: ':k', seen, ttlMs: 90_000, graceMs: 0, stamps: [] }]);
    await store.fill([{ lease, entry: draft('refreshed') }]);
    const value = await validAt(store, ':k');
    assert.ok(value === 'value' || value === 'refreshed');
  },
});
