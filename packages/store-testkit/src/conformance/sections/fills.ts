import assert from 'node:assert/strict';
import type { Lease, SharedStore } from '@larder/cache-core/store';
import { type ConformanceCase, casesOf } from '../conformance-case.ts';
import {
  draft,
  entryAt,
  expectRefused,
  expectStored,
  freshAt,
  obtain,
  validAt,
  write,
} from '../shared-entries.ts';
import type { Trial } from '../trial.ts';

const STAMPS = ['', 'n:place'];
const ENTRY = draft('old', { stamps: STAMPS, tags: ['t:known'] });
const PRIMER = draft('primer', { stamps: STAMPS, tags: ['t:known', 't:late'] });

/** What may come between a lease and its fill. */
const OVERTAKERS: Readonly<Record<string, (store: SharedStore) => Promise<unknown>>> = {
  'a write': (store) => write(store, '@place:k', draft('written', { stamps: STAMPS })),
  'a deletion': (store) => store.invalidate({ keys: ['@place:k'], stamps: [], mode: 'delete' }),
  'an expiry': (store) => store.invalidate({ keys: ['@place:k'], stamps: [], mode: 'expire' }),
  'the root stamp': (store) => store.invalidate({ keys: [], stamps: [''], mode: 'delete' }),
  'the stamp of its namespace': (store) =>
    store.invalidate({ keys: [], stamps: ['n:place'], mode: 'delete' }),
  'the stamp of its tag': (store) => store.invalidate({ keys: [], stamps: ['t:known'], mode: 'delete' }),
  'a deletion among others': (store) =>
    store.invalidate({ keys: ['@place:j', '@place:k'], stamps: ['t:unknown'], mode: 'delete' }),
};

async function begin(trial: Trial): Promise<{ one: SharedStore; other: SharedStore; lease: Lease }> {
  const [one, other] = [await trial.openShared(), await trial.openShared()];
  await write(one, ':primer', PRIMER);
  const lease = await obtain(one, '@place:k', { stamps: [...STAMPS, 't:known'] });
  return { one, other, lease };
}

const overtaken: Record<string, ConformanceCase['run']> = Object.fromEntries(
  Object.entries(OVERTAKERS).flatMap(([name, overtake]) =>
    (['the same', 'another'] as const).map((whose) => [
      `P1 ${name} in ${whose} process comes between: refused`,
      async (trial: Trial) => {
        const { one, other, lease } = await begin(trial);
        await overtake(whose === 'another' ? other : one);
        await expectRefused(one, lease, ENTRY, name);
        assert.notEqual(
          await validAt(other, '@place:k', STAMPS),
          'old',
          `${name}: another process reads it.`,
        );
        const entry = await entryAt(one, '@place:k');
        const next = await obtain(other, '@place:k', {
          stamps: [...STAMPS, 't:known'],
          ...(entry === null ? {} : { seen: entry.seen }),
        });
        await expectStored(other, next, { ...ENTRY, value: 'new' });
      },
    ]),
  ),
);

export const fills = casesOf('fills', {
  'it stores what it is given': async (trial) => {
    const { one, other, lease } = await begin(trial);
    const entry = { ...ENTRY, ttlMs: 50_000, graceMs: 20_000, loadMs: 123 };
    await expectStored(one, lease, entry);
    const found = (await entryAt(other, '@place:k'))!;
    assert.deepEqual([found.value, found.ttlMs, found.graceMs, found.loadMs], ['old', 50_000, 20_000, 123]);
    assert.deepEqual([...found.tags], ['t:known']);
    assert.equal(found.version, undefined);
    assert.ok(found.freshMs > 40_000 && found.freshMs <= 50_000, `freshMs: ${found.freshMs}`);
    assert.ok(found.keptMs > 60_000 && found.keptMs <= 70_000, `keptMs: ${found.keptMs}`);
  },

  ...overtaken,

  'it ends the lease: a second one under it is refused': async (trial) => {
    const { one, lease } = await begin(trial);
    await expectStored(one, lease, ENTRY);
    if (one.fence === 'stamps') return;
    const [outcome] = await one.fill([{ lease, entry: { ...ENTRY, value: 'again' } }]);
    assert.equal(outcome?.stored, false);
    assert.equal(await validAt(one, '@place:k', STAMPS), 'old');
    assert.deepEqual(await one.renew([lease], 1000), [false]);
  },

  'what is overtaken and written anew keeps the newer value': async (trial) => {
    const { one, other, lease } = await begin(trial);
    await write(other, '@place:k', draft('newer', { stamps: STAMPS }));
    await one.fill([{ lease, entry: ENTRY }]);
    assert.equal(await freshAt(one, '@place:k', STAMPS), 'newer');
  },

  'a fill of another is not voided by a fill of one': async (trial) => {
    const { one, lease } = await begin(trial);
    const [a, b] = [await obtain(one, ':a'), await obtain(one, ':b')];
    const [first, second, third] = await one.fill([
      { lease: b, entry: draft('b') },
      { lease, entry: ENTRY },
      { lease: a, entry: draft('a') },
    ]);
    assert.deepEqual([first?.stored, second?.stored, third?.stored], [true, true, true]);
    assert.deepEqual([await validAt(one, ':a'), await validAt(one, ':b')], ['a', 'b']);
  },

  'answers stand in order, those of refused ones among them': async (trial) => {
    const { one, other, lease } = await begin(trial);
    const lost = await obtain(one, ':lost');
    await other.invalidate({ keys: [':lost'], stamps: [], mode: 'delete' });
    const outcomes = await one.fill([
      { lease: lost, entry: draft('lost') },
      { lease, entry: ENTRY },
    ]);
    assert.equal(outcomes.length, 2);
    if (one.fence === 'lease') assert.deepEqual([outcomes[0]?.stored, outcomes[1]?.stored], [false, true]);
    assert.deepEqual(
      [await validAt(one, ':lost'), await validAt(one, '@place:k', STAMPS)],
      [undefined, 'old'],
    );
    assert.deepEqual(await one.fill([]), []);
  },

  'a late tag that has stood since before the lease is fine (P7)': async (trial) => {
    const { one, lease } = await begin(trial);
    const entry = { ...ENTRY, tags: ['t:known', 't:late'] };
    const [outcome] = await one.fill([{ lease, entry }]);
    assert.equal(outcome?.stored, true);
    assert.equal(await validAt(one, '@place:k', STAMPS), 'old');
    await one.invalidate({ keys: [], stamps: ['t:late'], mode: 'delete' });
    assert.equal(await validAt(one, '@place:k', STAMPS), undefined);
  },

  'a late tag that moved after the lease was given refuses': async (trial) => {
    const { one, other, lease } = await begin(trial);
    await other.invalidate({ keys: [], stamps: ['t:late'], mode: 'delete' });
    await expectRefused(one, lease, { ...ENTRY, tags: ['t:late'] }, 'a late tag that moved');
  },

  'a late tag that nobody knows counts from now: the next load is kept': async (trial) => {
    const { one, lease } = await begin(trial);
    const entry = { ...ENTRY, tags: ['t:never heard of'] };
    await one.fill([{ lease, entry }]);
    const found = await entryAt(one, '@place:k');
    const tags = found === null ? [] : await one.stamps(found.tags);
    // Whether it was refused or is dead on arrival: the store cannot know what happened to the tag before.
    assert.ok(!tags.includes(null), 'An entry was stored under a tag that has no stamp.');
    const again = await obtain(one, '@place:k', {
      stamps: [...STAMPS, 't:never heard of'],
      ...(found === null ? {} : { seen: found.seen }),
    });
    await expectStored(one, again, entry);
  },

  'a lease of one store instance can be used by no other key': async (trial) => {
    const { one, lease } = await begin(trial);
    await one.fill([{ lease: { ...lease, key: '@place:other' }, entry: ENTRY }]);
    if (one.fence === 'lease') assert.equal(await entryAt(one, '@place:other'), null);
  },
});
