import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { casesOf } from '../conformance-case.ts';

const KEY = 'key-that-must-not-show';
const VALUE = 'value-that-must-not-show';

export const health = casesOf('health', {
  'it is answered at once, as data': async (trial) => {
    const { store, health: source } = await trial.openFor('health');
    const before = source.health();
    assert.equal(before.connected, store.isConnected());
    await store.set('k', 1);
    await store.get('k');
    const { connected, latencyMs, details } = source.health();
    assert.equal(connected, true);
    assert.ok(
      latencyMs === null || (Number.isFinite(latencyMs) && latencyMs >= 0),
      `latencyMs is ${latencyMs}`,
    );
    for (const [name, fact] of Object.entries(details ?? {}))
      assert.ok(['string', 'number', 'boolean'].includes(typeof fact), `details.${name} is ${typeof fact}`);
    await store.disconnect();
    assert.equal(source.health().connected, false);
  },

  'neither keys nor values show in it, nor in the store (P23)': async (trial) => {
    const { store, health: source } = await trial.openFor('health');
    await store.set(KEY, VALUE);
    await store.get(KEY);
    for (const text of [JSON.stringify(source.health()), inspect(source.health(), { depth: 10 })]) {
      assert.ok(!text.includes(KEY) && !text.includes(VALUE), 'Health shows a key or a value.');
    }
    const cache = await trial.cache({}, store);
    await cache.set(KEY, VALUE);
    const text = JSON.stringify([await cache.healthCheck(), cache.stats()]);
    assert.ok(!text.includes(KEY) && !text.includes(VALUE), 'The health of a cache shows a key or a value.');
  },
});
