import assert from 'node:assert/strict';
import { CacheErrorCode } from '@larder/cache-core';
import { casesOf } from '../conformance-case.ts';
import { refusal } from '../refusal.ts';
import { draft, entryAt, obtain, validAt } from '../shared-entries.ts';
import type { Trial } from '../trial.ts';

/** The store, and whether it compares versions: one that does not must refuse them. */
async function open(trial: Trial) {
  const { store, shared } = await trial.openFor('shared');
  const compares = store.capabilities?.versions === true;
  const versioned = (value: unknown, version?: number) =>
    draft(value, { tags: ['t:a'], ...(version === undefined ? {} : { version }) });
  const put = async (value: unknown, version?: number): Promise<boolean> =>
    (await shared.write([{ key: ':k', entry: versioned(value, version) }]))[0]!.stored;
  return { shared, compares, versioned, put };
}

export const versions = casesOf('versions', {
  'a store that does not compare them refuses them, in writes and fills': async (trial) => {
    const { shared, compares, versioned, put } = await open(trial);
    if (compares) return;
    await refusal('a write with a version', () => put('value', 1), CacheErrorCode.UNSUPPORTED);
    const lease = await obtain(shared, ':k');
    const fill = () => shared.fill([{ lease, entry: versioned('value', 1) }]);
    await refusal('a fill with a version', fill, CacheErrorCode.UNSUPPORTED);
    assert.equal(await validAt(shared, ':k'), undefined);
  },

  'P6 a lower one never replaces a higher one; the same and a higher one do': async (trial) => {
    const { shared, compares, put } = await open(trial);
    if (!compares) return;
    assert.equal(await put('five', 5), true);
    assert.equal((await entryAt(shared, ':k'))?.version, 5);
    assert.equal(await put('four', 4), false);
    assert.equal(await validAt(shared, ':k'), 'five');
    assert.equal(await put('five again', 5), true);
    assert.equal(await put('six', 6), true);
    assert.equal(await put('zero', 0), false);
    assert.equal(await validAt(shared, ':k'), 'six');
    assert.equal(await put('largest', Number.MAX_SAFE_INTEGER), true);
    assert.equal(await put('one less', Number.MAX_SAFE_INTEGER - 1), false);
  },

  'P6 nor does a fill': async (trial) => {
    const { shared, compares, versioned, put } = await open(trial);
    if (!compares) return;
    await put('five', 5);
    const { seen } = (await entryAt(shared, ':k'))!;
    const lower = await obtain(shared, ':k', { seen, stamps: ['', 't:a'] });
    const [outcome] = await shared.fill([{ lease: lower, entry: versioned('four', 4) }]);
    assert.equal(outcome?.stored, false);
    assert.equal(await validAt(shared, ':k'), 'five');
  },

  'without a version the last to arrive stays': async (trial) => {
    const { shared, compares, put } = await open(trial);
    if (!compares) return;
    await put('five', 5);
    assert.equal(await put('bare'), true);
    assert.equal(await put('one', 1), true);
    assert.equal(await validAt(shared, ':k'), 'one');
  },

  'what is invalid outranks nobody': async (trial) => {
    const { shared, compares, put } = await open(trial);
    if (!compares) return;
    await put('five', 5);
    await shared.invalidate({ keys: [], stamps: ['t:a'], mode: 'delete' });
    assert.equal(await put('one', 1), true);
    assert.equal(await validAt(shared, ':k'), 'one');
    await shared.invalidate({ keys: [':k'], stamps: [], mode: 'delete' });
    assert.equal(await put('zero', 0), true);
    assert.equal(await validAt(shared, ':k'), 'zero');
  },

  'through two caches: the higher one stays, whoever comes last': async (trial) => {
    const { compares } = await open(trial);
    if (!compares) return;
    const [one, other] = [await trial.cache(), await trial.cache()];
    await Promise.all(
      Array.from({ length: 40 }, (_, at) => {
        const version = (at * 17) % 40;
        return (at % 2 === 0 ? one : other).set('k', version, { version });
      }),
    );
    for (const cache of [one, other])
      assert.equal(await (await trial.cache({ l1: false })).get('k'), 39, String(cache === one));
  },
});
