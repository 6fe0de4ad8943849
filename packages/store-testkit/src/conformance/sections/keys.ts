import assert from 'node:assert/strict';
import { CacheErrorCode } from '@larder/cache-core';
import { casesOf } from '../conformance-case.ts';
import { badKeys, goodKeys } from '../hostile-input.ts';
import { refusal } from '../refusal.ts';

const shown = (key: string): string =>
  JSON.stringify(key.length > 40 ? `${key.slice(0, 40)}… (${key.length})` : key);

export const keys = casesOf('keys', {
  'each keeps its own value': async (trial) => {
    const store = await trial.open();
    for (const [at, key] of goodKeys.entries()) await store.set(key, at);
    for (const [at, key] of goodKeys.entries()) assert.equal(await store.get(key), at, shown(key));
  },

  'a deletion takes one and leaves the others': async (trial) => {
    const store = await trial.open();
    for (const [at, key] of goodKeys.entries()) await store.set(key, at);
    for (const [at, key] of goodKeys.entries()) {
      await store.delete(key);
      assert.equal(await store.get(key), null, shown(key));
      const next = goodKeys[at + 1];
      if (next !== undefined)
        assert.equal(await store.get(next), at + 1, `${shown(next)} after ${shown(key)}`);
    }
  },

  'a clear takes them all': async (trial) => {
    const store = await trial.open();
    for (const [at, key] of goodKeys.entries()) await store.set(key, at);
    await store.clear();
    for (const key of goodKeys) assert.equal(await store.get(key), null, shown(key));
  },

  'a key and a key that contains it do not touch one another': async (trial) => {
    const store = await trial.open();
    for (const key of ['a', 'a:', 'a:b', 'a/b', 'a b', 'a*', 'a\0', 'A', 'aa']) await store.set(key, key);
    await store.delete('a');
    await store.set('a*', 'changed');
    for (const key of ['a:', 'a:b', 'a/b', 'a b', 'a\0', 'A', 'aa']) assert.equal(await store.get(key), key);
    assert.equal(await store.get('a'), null);
  },

  'what can be no key is refused with INVALID_KEY by every method': async (trial) => {
    const store = await trial.open();
    const { bulk, timeToLive, counters } = store.capabilities ?? {};
    for (const [name, bad] of badKeys) {
      const key = bad as string;
      const calls: Record<string, (() => Promise<unknown>) | undefined> = {
        get: () => store.get(key),
        set: () => store.set(key, 1),
        delete: () => store.delete(key),
        getMany: bulk && (() => bulk.getMany(['a', key])),
        setMany:
          bulk &&
          (() =>
            bulk.setMany([
              { key: 'a', value: 1 },
              { key, value: 1 },
            ])),
        deleteMany: bulk && (() => bulk.deleteMany(['a', key])),
        ttl: timeToLive && (() => timeToLive.ttl(key)),
        expire: timeToLive && (() => timeToLive.expire(key, 5)),
        increment: counters && (() => counters.increment(key, 1)),
      };
      for (const [method, call] of Object.entries(calls)) {
        if (call !== undefined) await refusal(`${method} of ${name}`, call, CacheErrorCode.INVALID_KEY);
      }
    }
    assert.equal(await store.get('a'), null, 'Of a bulk with a bad key nothing is stored.');
  },

  'through a cache each is a key, a namespace and a tag of its own': async (trial) => {
    const cache = await trial.cache();
    const names = goodKeys.filter((name) => name.length < 300);
    for (const [at, name] of names.entries()) {
      await cache.set(name, at);
      await cache.namespace(name).set('k', at, { tags: [name] });
    }
    for (const [at, name] of names.entries()) {
      assert.equal(await cache.get(name), at, shown(name));
      assert.equal(await cache.namespace(name).get('k'), at, `namespace ${shown(name)}`);
    }
    for (const [at, name] of names.entries()) {
      await cache.invalidateTag(name);
      assert.equal(await cache.namespace(name).get('k'), null, `tag ${shown(name)}`);
      const next = names[at + 1];
      if (next !== undefined)
        assert.equal(await cache.namespace(next).get('k'), at + 1, `tag ${shown(next)}`);
    }
  },
});
