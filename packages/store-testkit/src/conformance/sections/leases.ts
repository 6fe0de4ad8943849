import assert from 'node:assert/strict';
import { casesOf } from '../conformance-case.ts';
import {
  ask,
  draft,
  entryAt,
  expectRefused,
  expectStored,
  obtain,
  validAt,
  write,
} from '../shared-entries.ts';

/** The short life of a lease that a case lets run out. */
const SHORT_MS = 100;

export const leases = casesOf('leases', {
  'of two who ask, one gets it, and the other is told': async (trial) => {
    const [one, other] = [await trial.openShared(), await trial.openShared()];
    await obtain(one, ':k', { leaseMs: 2000 });
    const answer = await ask(other, ':k');
    assert.ok('held' in answer && answer.held, 'The second must be told that it is held.');
    if (answer.heldMs !== undefined)
      assert.ok(answer.heldMs > 0 && answer.heldMs <= 2000, `heldMs: ${answer.heldMs}`);
    assert.ok('held' in (await ask(one, ':k')), 'It is held for the same process, too.');
  },

  'of many who ask at once, one gets it': async (trial) => {
    const stores = [await trial.openShared(), await trial.openShared()];
    for (let round = 0; round < 10; round++) {
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, at) => ask(stores[at % 2]!, `:k${round}`)),
      );
      assert.equal(answers.filter((answer) => 'lease' in answer).length, 1);
    }
  },

  'leases of different keys do not exclude one another': async (trial) => {
    const store = await trial.openShared();
    const keys = [':a', ':b', ':a ', ':a:', '@a:b', '@a:', ':*'];
    for (const key of keys) await obtain(store, key);
  },

  'answers stand in the order of the requests': async (trial) => {
    const [one, other] = [await trial.openShared(), await trial.openShared()];
    await obtain(other, ':held');
    await write(one, ':there', draft('value'));
    const requests = [{ key: ':there' }, { key: ':free' }, { key: ':held' }];
    const { answers } = await one.lease(requests, { stamps: [''], leaseMs: 1000 });
    assert.deepEqual(
      answers.map((answer) => ('lease' in answer ? answer.key : 'held' in answer ? 'held' : 'entry')),
      ['entry', ':free', 'held'],
    );
  },

  'what is there instead of what was seen is answered, and no lease': async (trial) => {
    const store = await trial.openShared();
    await write(store, ':k', draft('first', { tags: ['t:a'] }));
    const { seen } = (await entryAt(store, ':k'))!;
    await write(store, ':k', draft('second'));
    for (const options of [{}, { seen }]) {
      const answer = await ask(store, ':k', options);
      assert.ok('value' in answer && answer.value === 'second', 'The newer entry must be answered.');
    }
  },

  'the lease on what was seen is given: fresh, stale, or dead under a stamp (S1)': async (trial) => {
    const store = await trial.openShared();
    await write(store, ':fresh', draft('old'));
    await write(store, ':stale', draft('old', { graceMs: 60_000 }));
    await store.invalidate({ keys: [':stale'], stamps: [], mode: 'expire' });
    await write(store, ':dead', draft('old', { tags: ['t:a'] }));
    await store.invalidate({ keys: [], stamps: ['t:a'], mode: 'delete' });
    for (const key of [':fresh', ':stale', ':dead']) {
      const entry = await entryAt(store, key);
      if (entry === null) continue;
      const lease = await obtain(store, key, { seen: entry.seen, stamps: ['', 't:a'] });
      await expectStored(store, lease, draft('new', { tags: ['t:a'] }));
    }
  },

  'a lease on something seen that is gone by now is given': async (trial) => {
    const store = await trial.openShared();
    await write(store, ':k', draft('old'));
    const { seen } = (await entryAt(store, ':k'))!;
    await store.invalidate({ keys: [':k'], stamps: [], mode: 'delete' });
    await obtain(store, ':k', { seen });
  },

  'it runs out: another gets it, and the first can store nothing': async (trial) => {
    const [one, other] = [await trial.openShared(), await trial.openShared()];
    const lease = await obtain(one, ':k', { leaseMs: SHORT_MS });
    await trial.until(async () => 'lease' in (await ask(other, ':k')), 'the lease runs out', 3_000);
    assert.deepEqual(await one.renew([lease], 1000), [false]);
    await one.release([lease]);
    assert.ok(
      'held' in (await ask(one, ':k')),
      'Who gives back a lease that is lost must not take away the next one.',
    );
    if (one.fence === 'lease') await expectRefused(one, lease, draft('late'), 'a lease that ran out');
  },

  'it does not run out early, and can be renewed': async (trial) => {
    const [one, other] = [await trial.openShared(), await trial.openShared()];
    const lease = await obtain(one, ':k', { leaseMs: 300 });
    await obtain(one, ':probe', { leaseMs: 300 });
    assert.deepEqual(await one.renew([lease], 60_000), [true]);
    await trial.until(
      async () => 'lease' in (await ask(other, ':probe')),
      'what was not renewed runs out',
      3_000,
    );
    assert.ok('held' in (await ask(other, ':k')), 'A lease that was renewed must be held.');
    await expectStored(one, lease, draft('value'));
  },

  'renewals are answered in order': async (trial) => {
    const store = await trial.openShared();
    const [held, lost] = [await obtain(store, ':a'), await obtain(store, ':b')];
    await store.invalidate({ keys: [':b'], stamps: [], mode: 'delete' });
    assert.deepEqual(await store.renew([lost, held, lost], 1000), [false, true, false]);
    assert.deepEqual(await store.renew([], 1000), []);
  },

  'given back, it is free at once': async (trial) => {
    const [one, other] = [await trial.openShared(), await trial.openShared()];
    const lease = await obtain(one, ':k');
    await one.release([lease]);
    await one.release([lease]);
    await one.release([]);
    await obtain(other, ':k');
    if (one.fence === 'lease') await expectRefused(one, lease, draft('late'), 'a lease that was given back');
  },

  'a stamp that is missing is made, so that what is loaded can be valid': async (trial) => {
    const store = await trial.openShared();
    const names = ['', 'n:place', 't:tag'];
    const lease = await obtain(store, ':k', { stamps: names });
    const standing = await store.stamps(names);
    names.forEach((name, at) => {
      const stamp = standing[at] ?? null;
      assert.ok(stamp !== null, `The stamp '${name}' was not made.`);
      assert.ok(store.isCurrent(lease.asOf, name, stamp), `The lease is older than the stamp '${name}'.`);
    });
    await expectStored(store, lease, draft('value', { stamps: ['', 'n:place'], tags: ['t:tag'] }));
  },

  'one that a stamp has overtaken counts as gone: nothing could be stored under it': async (trial) => {
    const [one, other] = [await trial.openShared(), await trial.openShared()];
    const overtaken = await obtain(one, ':k', { stamps: ['', 'n:place'] });
    await other.invalidate({ keys: [], stamps: ['n:place'], mode: 'delete' });
    const next = await obtain(other, ':k', { stamps: ['', 'n:place'] });
    await expectRefused(
      one,
      overtaken,
      draft('old', { stamps: ['', 'n:place'] }),
      'a lease overtaken by a stamp',
    );
    await expectStored(other, next, draft('new', { stamps: ['', 'n:place'] }));
  },

  'a key in a lease is any address': async (trial) => {
    const store = await trial.openShared();
    for (const key of ['@a\\:b/c:d', `:${'k'.repeat(65_535)}`, ':\0', ':é\u0301', ':*', '@n:', ':l:x']) {
      await expectStored(store, await obtain(store, key), draft(key.length));
      assert.equal(await validAt(store, key), key.length);
    }
  },
});
