import assert from 'node:assert/strict';
import { type KeyListing, patternMatcher } from '@larder/cache-core/store';
import { casesOf } from '../conformance-case.ts';
import { goodKeys } from '../hostile-input.ts';

/** What a pattern must not be mistaken for, beside what it may be. */
const PATTERNS = [
  '*',
  '',
  '?',
  '??',
  'a*',
  '*a',
  '*a*',
  'a?',
  'a:*',
  '*:b',
  '**',
  '*?*',
  'k*k',
  '[a-z]',
  '[^x]',
  '[*',
  '{a}',
  'a|b',
  '.*',
  '^a',
  'a$',
  '\\*',
  '\\?',
  '\\\\',
  'a\\*',
  '\\[a-z\\]',
  '\\',
  '(a)',
  '+',
  '%',
  '_',
  "'",
  '*\n*',
  'é',
  '?é',
  '👩*',
];

/** Not every single character: each listing reads them all. */
const isTelling = (key: string): boolean =>
  key.length < 300 && (key.length > 1 || '*?\\:/@ é\0'.includes(key) || /[a-z0-9]/.test(key));

const shortKeys = [
  ...goodKeys.filter(isTelling),
  'ab',
  'a*b',
  'a?b',
  'axb',
  'a.b',
  'a|b',
  '(a)',
  '[',
  ']',
  '%',
  '_',
  '+',
  '^a',
  'a$',
];

async function listed(listing: KeyListing, pattern?: string): Promise<string[]> {
  const found: string[] = [];
  for await (const key of listing.keys(pattern)) found.push(key);
  return found.sort();
}

export const listing = casesOf('listing', {
  'without a pattern: every key, and each once': async (trial) => {
    const { store, listing: list } = await trial.openFor('listing');
    assert.deepEqual(await listed(list), []);
    for (const key of goodKeys) await store.set(key, 1);
    assert.deepEqual(await listed(list), [...goodKeys].sort());
  },

  'with a pattern: those that match, whatever the keys look like': async (trial) => {
    const { store, listing: list } = await trial.openFor('listing');
    for (const key of shortKeys) await store.set(key, 1);
    for (const pattern of PATTERNS) {
      const expected = shortKeys.filter(patternMatcher(pattern)).sort();
      assert.deepEqual(await listed(list, pattern), expected, `pattern ${JSON.stringify(pattern)}`);
    }
  },

  'a key with a backslash before each special character finds itself alone': async (trial) => {
    const { store, listing: list } = await trial.openFor('listing');
    for (const key of shortKeys) await store.set(key, 1);
    for (const key of shortKeys) {
      assert.deepEqual(await listed(list, key.replace(/[*?\\]/g, '\\$&')), [key]);
    }
  },

  'more keys than one page holds': async (trial) => {
    const { store, listing: list } = await trial.openFor('listing');
    const keys = Array.from({ length: 2500 }, (_, at) => `k${at}`).sort();
    for (let at = 0; at < keys.length; at += 100)
      await Promise.all(keys.slice(at, at + 100).map((key) => store.set(key, 1)));
    assert.deepEqual(await listed(list), keys);
    assert.equal((await listed(list, 'k1*')).length, keys.filter((key) => key.startsWith('k1')).length);
  },

  'what is deleted, expired or cleared is not listed': async (trial) => {
    const { store, listing: list } = await trial.openFor('listing');
    for (const key of ['deleted', 'kept']) await store.set(key, 1);
    await store.set('expired', 1, 0.1);
    await store.delete('deleted');
    await trial.until(async () => (await store.get('expired')) === null, 'an entry is over', 2_100);
    assert.deepEqual(await listed(list), ['kept']);
    await store.clear();
    assert.deepEqual(await listed(list), []);
    await store.set('after', 1);
    assert.deepEqual(await listed(list), ['after']);
  },

  'keys of a store next door are not listed (P17)': async (trial) => {
    const { store, listing: list } = await trial.openFor('listing');
    const sibling = await trial.open({ sibling: true });
    await store.set('mine', 1);
    await sibling.set('theirs', 1);
    assert.deepEqual(await listed(list), ['mine']);
    assert.deepEqual(await listed(sibling.capabilities!.listing!), ['theirs']);
  },

  'whatever is listed can be got': async (trial) => {
    const { store, listing: list } = await trial.openFor('listing');
    const cache = await trial.cache({}, store);
    await cache.set('k', 1, { tags: ['t'] });
    await cache.namespace('n').set('in it', 2);
    await cache.get('loaded', () => 3);
    for (const key of await listed(list)) assert.notEqual(await store.get(key), null, key);
    assert.ok((await listed(list)).includes('k'));
  },

  'a listing beside writers sees what stays, and does not fail': async (trial) => {
    const { store, listing: list } = await trial.openFor('listing');
    const keys = Array.from({ length: 300 }, (_, at) => `stays${at}`);
    for (const key of keys) await store.set(key, 1);
    const seen: string[] = [];
    let at = 0;
    for await (const key of list.keys()) {
      seen.push(key);
      at += 1;
      if (at <= 300)
        await Promise.all([store.set(`comes${at % 50}`, 1), store.delete(`comes${(at + 25) % 50}`)]);
    }
    assert.deepEqual(seen.filter((key) => key.startsWith('stays')).sort(), keys.sort());
  },

  'a listing can be left early': async (trial) => {
    const { store, listing: list } = await trial.openFor('listing');
    for (let at = 0; at < 50; at++) await store.set(`k${at}`, 1);
    let seen = 0;
    for await (const _key of list.keys()) {
      seen += 1;
      if (seen === 3) break;
    }
    assert.equal(seen, 3);
    assert.equal((await listed(list)).length, 50);
  },
});
