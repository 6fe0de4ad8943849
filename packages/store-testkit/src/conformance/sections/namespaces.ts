import assert from 'node:assert/strict';
import type { CacheView } from '@larder/cache-core';
import { casesOf } from '../conformance-case.ts';

/** Each is the beginning, the escaped form or the joined form of another. */
const CONFUSABLE = [
  'app',
  'app2',
  'app:',
  'app/',
  'app:2',
  'a',
  'a:b',
  'a/b',
  '@a',
  'a\\',
  'a\\:',
  '*',
  'app*',
  'APP',
];

function at(cache: CacheView, path: readonly string[]): CacheView {
  return path.reduce<CacheView>((view, name) => view.namespace(name), cache);
}

export const namespaces = casesOf('namespaces', {
  'the same key in several namespaces is several entries': async (trial) => {
    const cache = await trial.cache();
    const paths = [
      [],
      ...CONFUSABLE.map((name) => [name]),
      ['a', 'b'],
      ['a', 'b', 'c'],
      ['b', 'a'],
      ['a', 'a'],
    ];
    for (const [index, path] of paths.entries()) await at(cache, path).set('k', index);
    for (const [index, path] of paths.entries())
      assert.equal(await at(cache, path).get('k'), index, String(path));
  },

  'clear of a namespace takes it, and nothing whose name only resembles it': async (trial) => {
    const cache = await trial.cache();
    for (const cleared of CONFUSABLE) {
      for (const name of CONFUSABLE) await cache.namespace(name).set('k', name);
      await cache.set('k', 'root');
      await cache.namespace(cleared).clear();
      for (const name of CONFUSABLE) {
        const expected = name === cleared ? null : name;
        assert.equal(await cache.namespace(name).get('k'), expected, `${name} after clear of ${cleared}`);
      }
      assert.equal(await cache.get('k'), 'root');
    }
  },

  'clear of a namespace takes those inside it; clear of an inner one leaves the outer': async (trial) => {
    const cache = await trial.cache();
    const fill = async (): Promise<void> => {
      for (const path of [[], ['a'], ['a', 'b'], ['a', 'b', 'c'], ['b']]) await at(cache, path).set('k', 1);
    };
    const left = (): Promise<unknown[]> =>
      Promise.all([[], ['a'], ['a', 'b'], ['a', 'b', 'c'], ['b']].map((path) => at(cache, path).get('k')));
    await fill();
    await at(cache, ['a', 'b']).clear();
    assert.deepEqual(await left(), [1, 1, null, null, 1]);
    await fill();
    await at(cache, ['a']).clear();
    assert.deepEqual(await left(), [1, null, null, null, 1]);
    await fill();
    await cache.clear();
    assert.deepEqual(await left(), [null, null, null, null, null]);
  },

  'what is set in a namespace right after its clear stays': async (trial) => {
    const space = (await trial.cache()).namespace('n');
    for (let round = 0; round < 30; round++) {
      await space.clear();
      await space.set('k', round);
      assert.equal(await space.get('k'), round);
    }
  },

  'a deletion in one namespace leaves the others': async (trial) => {
    const cache = await trial.cache();
    for (const path of [[], ['a'], ['a', 'b']]) await at(cache, path).set('k', path.length);
    await at(cache, ['a']).delete('k');
    assert.deepEqual(
      [await cache.get('k'), await at(cache, ['a']).get('k'), await at(cache, ['a', 'b']).get('k')],
      [0, null, 2],
    );
  },

  'a tag reaches into all namespaces, and takes only what carries it': async (trial) => {
    const cache = await trial.cache();
    await cache.set('tagged', 1, { tags: ['t', 'u'] });
    await cache.namespace('n').set('tagged', 2, { tags: ['t'] });
    await cache.namespace('n').set('other', 3, { tags: ['u'] });
    await cache.set('bare', 4);
    await cache.invalidateTag('t');
    const seen = [
      await cache.get('tagged'),
      await cache.namespace('n').get('tagged'),
      await cache.namespace('n').get('other'),
      await cache.get('bare'),
    ];
    assert.deepEqual(seen, [null, null, 3, 4]);
    for (let round = 0; round < 30; round++) {
      await cache.invalidateTags(['t', 'u']);
      await cache.set('tagged', round, { tags: ['t'] });
      assert.equal(await cache.get('tagged'), round, 'A set right after the invalidation of its tag.');
    }
  },
});
