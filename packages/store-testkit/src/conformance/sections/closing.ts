import assert from 'node:assert/strict';
import { CacheErrorCode } from '@larder/cache-core';
import type { AsOf, CacheStore, EntryDraft, Lease, Seen } from '@larder/cache-core/store';
import { casesOf } from '../conformance-case.ts';
import { refusal } from '../refusal.ts';

/** Every method that a store has, of its capabilities, too. */
function allCalls(store: CacheStore): Readonly<Record<string, () => Promise<unknown>>> {
  const { bulk, timeToLive, counters, listing, shared } = store.capabilities ?? {};
  const draft: EntryDraft = { value: 1, ttlMs: 1000, graceMs: 0, loadMs: 0, stamps: [''], tags: [] };
  const lease: Lease = { lease: '1', key: ':k', asOf: 1 as unknown as AsOf };
  return {
    get: () => store.get('k'),
    set: () => store.set('k', 1),
    'set with ttl 0': () => store.set('k', 1, 0),
    delete: () => store.delete('k'),
    clear: () => store.clear(),
    ...(bulk && {
      getMany: () => bulk.getMany(['k']),
      setMany: () => bulk.setMany([{ key: 'k', value: 1 }]),
      deleteMany: () => bulk.deleteMany(['k']),
    }),
    ...(timeToLive && { ttl: () => timeToLive.ttl('k'), expire: () => timeToLive.expire('k', 5) }),
    ...(counters && { increment: () => counters.increment('k', 1) }),
    ...(listing && { keys: async () => listing.keys()[Symbol.asyncIterator]().next() }),
    ...(shared && {
      'shared.read': () => shared.read([':k'], { stamps: [''] }),
      'shared.lease': () => shared.lease([{ key: ':k' }], { stamps: [''], leaseMs: 1000 }),
      'shared.renew': () => shared.renew([lease], 1000),
      'shared.release': () => shared.release([lease]),
      'shared.fill': () => shared.fill([{ lease, entry: draft }]),
      'shared.write': () => shared.write([{ key: ':k', entry: draft }]),
      'shared.invalidate': () => shared.invalidate({ keys: [':k'], stamps: [], mode: 'delete' }),
      'shared.stamps': () => shared.stamps(['']),
    }),
    ...(shared?.retime && {
      'shared.retime': () =>
        shared.retime!([{ key: ':k', seen: 1 as unknown as Seen, ttlMs: 1, graceMs: 0, stamps: [] }]),
    }),
    ...(shared?.increment && {
      'shared.increment': () => shared.increment!({ key: ':k', by: 1, ttlMs: 1000, stamps: [''], tags: [] }),
    }),
  };
}

export const closing = casesOf('closing', {
  'connect can be called, or left out': async (trial) => {
    const [store, lazy] = [await trial.open(), await trial.open()];
    await store.connect();
    await store.connect();
    assert.equal(store.isConnected(), true);
    await store.set('k', 1);
    assert.equal(await store.get('k'), 1);
    await lazy.set('k', 2);
    assert.equal(await lazy.get('k'), 2);
    assert.equal(lazy.isConnected(), true);
  },

  'after disconnect every method is refused with CLOSED': async (trial) => {
    const store = await trial.open();
    await store.set('k', 1);
    await store.disconnect();
    assert.equal(store.isConnected(), false);
    for (const [method, call] of Object.entries(allCalls(store))) {
      await refusal(`${method} after disconnect`, call, CacheErrorCode.CLOSED);
    }
    assert.equal(store.isConnected(), false);
  },

  'a second disconnect does nothing, nor does one without a connect': async (trial) => {
    const [store, unused] = [await trial.open(), await trial.open()];
    await store.set('k', 1);
    await Promise.all([store.disconnect(), store.disconnect()]);
    await store.disconnect();
    await unused.disconnect();
    assert.deepEqual([store.isConnected(), unused.isConnected()], [false, false]);
  },

  'connect opens it again': async (trial) => {
    const store = await trial.open();
    await store.set('k', 1);
    for (let round = 0; round < 3; round++) {
      await store.disconnect();
      await store.connect();
      assert.equal(store.isConnected(), true);
      await store.set('k', round);
      assert.equal(await store.get('k'), round);
    }
  },

  'calls under way at disconnect come to an end': async (trial) => {
    const store = await trial.open();
    await store.set('k', 1);
    const calls = Array.from({ length: 20 }, (_, at) => [store.set(`k${at}`, at), store.get('k')]).flat();
    const settled = Promise.allSettled(calls);
    await store.disconnect();
    for (const outcome of await trial.within(5_000, 'calls under way end', settled)) {
      if (outcome.status === 'rejected') {
        const { reason } = outcome;
        await refusal('a call under way', () => Promise.reject(reason));
      }
    }
  },

  'one instance that is closed leaves the others open': async (trial) => {
    const [store, other] = [await trial.open(), await trial.open()];
    await store.set('k', 1);
    await other.set('j', 2);
    await store.disconnect();
    assert.equal(await other.get('j'), 2);
    assert.equal(other.isConnected(), true);
  },

  'a cache closes its store with itself (P25)': async (trial) => {
    const store = await trial.open();
    const cache = await trial.cache({}, store);
    await cache.set('k', 1);
    await trial.done(cache.close());
    assert.equal(store.isConnected(), false);
    await refusal('a call after close', () => cache.get('k'), CacheErrorCode.CLOSED);
  },
});
