import assert from 'node:assert/strict';
import { type ConformanceCase, casesOf } from '../conformance-case.ts';
import type { DamageKind } from '../harness.ts';
import { sharedOf, type Trial } from '../trial.ts';

const KINDS: readonly DamageKind[] = [
  'garbage',
  'flipped',
  'truncated',
  'empty',
  'foreign',
  'mistyped',
  'swapped',
];
const VALUE = { text: 'the good value', list: [1, 2, 3] };
const OTHER = { text: 'of another key', list: [] };

function forEachKind(
  name: string,
  run: (trial: Trial, kind: DamageKind) => Promise<void>,
): Record<string, ConformanceCase['run']> {
  return Object.fromEntries(
    KINDS.map((kind) => [`F17 ${kind}: ${name}`, (trial: Trial) => run(trial, kind)]),
  );
}

async function setAndDamage(trial: Trial, kind: DamageKind): ReturnType<Trial['open']> {
  const store = await trial.open();
  await store.set('k', VALUE);
  await store.set('other', OTHER);
  assert.deepEqual(await store.get('k'), VALUE);
  await trial.damage('k', kind, 'other');
  return store;
}

export const damage = casesOf('damage', {
  ...forEachKind('a miss, and the key can be used again', async (trial, kind) => {
    const store = await setAndDamage(trial, kind);
    assert.equal(await store.get('k'), null);
    assert.deepEqual(await store.get('other'), OTHER);
    await store.set('k', 'new');
    assert.equal(await store.get('k'), 'new');
  }),

  ...forEachKind('it can be deleted and cleared', async (trial, kind) => {
    const store = await setAndDamage(trial, kind);
    await store.delete('k');
    assert.equal(await store.get('k'), null);
    await store.set('k', VALUE);
    await trial.damage('k', kind, 'other');
    await store.clear();
    assert.equal(await store.get('k'), null);
  }),

  ...forEachKind('a cache loads anew, and keeps that', async (trial, kind) => {
    const store = await setAndDamage(trial, kind);
    const cache = await trial.cache(sharedOptions(store), store);
    assert.equal(await cache.get('k'), null);
    assert.equal(await trial.done(cache.get('k', () => 'loaded')), 'loaded');
    await cache.flush();
    assert.equal(await cache.get('k'), 'loaded');
    assert.deepEqual(await cache.getMany(['k', 'other']), ['loaded', OTHER]);
  }),

  ...forEachKind('capabilities take it for nothing', async (trial, kind) => {
    const store = await setAndDamage(trial, kind);
    const { bulk, timeToLive, counters, shared } = store.capabilities ?? {};
    if (bulk !== undefined) assert.deepEqual(await bulk.getMany(['k', 'other']), [null, OTHER]);
    if (timeToLive !== undefined) assert.equal(await timeToLive.expire('k', 100), false);
    if (shared !== undefined) {
      const [entry] = (await sharedOf(store).read([':k'], { stamps: [''] })).entries;
      assert.ok(entry === null || 'unreadable' in entry!, 'Damaged bytes were read as an entry.');
    }
    if (counters !== undefined) {
      const sum = await counters.increment('k', 1).catch(() => null);
      assert.ok(sum === null || sum === 1, 'A counter went on from damaged bytes.');
    }
    if (bulk !== undefined) await bulk.setMany([{ key: 'k', value: 'new' }]);
    else await store.set('k', 'new');
    assert.equal(await store.get('k'), 'new');
  }),
});

/** A store that is shared is looked into itself: memory in front of it would hide what it has. */
function sharedOptions({ capabilities }: Awaited<ReturnType<Trial['open']>>): { readonly l1?: false } {
  return capabilities?.shared === undefined ? {} : { l1: false };
}
