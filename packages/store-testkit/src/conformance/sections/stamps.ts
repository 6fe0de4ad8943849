import assert from 'node:assert/strict';
import { casesOf } from '../conformance-case.ts';
import { draft, entryAt, expectRefused, expectStored, obtain, validAt, write } from '../shared-entries.ts';

const NAMES = [
  '',
  'n:a',
  'n:a/b',
  'n:ab',
  't:a',
  't:a/b',
  't:*',
  't:é',
  't: ',
  't:\0',
  `t:${'x'.repeat(300)}`,
  't@p:a',
  'n:\\/',
];

export const stamps = casesOf('stamps', {
  'a stamp that nobody made is null, and asking makes none': async (trial) => {
    const store = await trial.openShared();
    assert.deepEqual(await store.stamps(['t:a', 'n:b']), [null, null]);
    await store.read([':k'], { stamps: ['t:a', 'n:b'] });
    assert.deepEqual(await store.stamps(['t:a', 'n:b']), [null, null]);
    assert.deepEqual(await store.stamps([]), []);
  },

  'each name has a stamp of its own, whatever it looks like': async (trial) => {
    const store = await trial.openShared();
    for (const name of NAMES) {
      if (name === '') continue;
      await store.write([{ key: `:${name}`, entry: draft(name, { tags: [name] }) }]);
    }
    for (const moved of NAMES) {
      if (moved === '') continue;
      await store.invalidate({ keys: [], stamps: [moved], mode: 'delete' });
      for (const name of NAMES) {
        if (name === '') continue;
        const expected = name === moved ? undefined : name;
        assert.equal(await validAt(store, `:${name}`), expected, `${name} after ${moved}`);
      }
      await write(store, `:${moved}`, draft(moved, { tags: [moved] }));
    }
  },

  'a stamp and an entry of the same name do not touch one another': async (trial) => {
    const store = await trial.openShared();
    for (const key of [':a', '@a:a', ':t:a', ':n:a', ':s', ':c', ':clear', ':seq'])
      await write(store, key, draft(key, { stamps: ['', 'n:a'], tags: ['t:a'] }));
    await store.invalidate({
      keys: [':t:a', ':n:a', ':clear', ':seq', ':s', ':c'],
      stamps: [],
      mode: 'delete',
    });
    for (const key of [':a', '@a:a']) assert.equal(await validAt(store, key, ['', 'n:a']), key);
  },

  'the root takes everything of before, in one step, and nothing of after': async (trial) => {
    const [one, other] = [await trial.openShared(), await trial.openShared()];
    for (let at = 0; at < 20; at++) await write(one, `:k${at}`, draft(at));
    await other.invalidate({ keys: [], stamps: [''], mode: 'delete' });
    for (let at = 0; at < 20; at++) assert.equal(await validAt(one, `:k${at}`), undefined);
    await write(one, ':k0', draft('after'));
    assert.equal(await validAt(other, ':k0'), 'after');
  },

  'F16 a stamp that is lost makes its entries a miss, and what comes later valid': async (trial) => {
    const [one, other] = [await trial.openShared(), await trial.openShared()];
    for (const lost of ['', 'n:place', 't:tag']) {
      const names = ['', 'n:place'];
      const entry = draft(`before ${lost}`, { stamps: names, tags: ['t:tag'] });
      await write(one, '@place:k', entry);
      assert.equal(await validAt(other, '@place:k', names), entry.value);
      await trial.forgetStamp(lost);
      assert.equal(
        await validAt(other, '@place:k', names),
        undefined,
        `'${lost}' is lost, and its entry was read.`,
      );
      const dead = await entryAt(other, '@place:k');
      const lease = await obtain(other, '@place:k', {
        stamps: [...names, 't:tag'],
        ...(dead === null ? {} : { seen: dead.seen }),
      });
      assert.equal(
        await validAt(one, '@place:k', names),
        undefined,
        `Making '${lost}' anew brought the entry back.`,
      );
      await expectStored(other, lease, { ...entry, value: 'after' });
    }
  },

  'F16 a stamp that is lost while a load runs refuses its fill': async (trial) => {
    const [one, other] = [await trial.openShared(), await trial.openShared()];
    for (const lost of ['', 'n:place', 't:tag']) {
      const names = ['', 'n:place', 't:tag'];
      const lease = await obtain(one, `@place:${lost}`, { stamps: names });
      await trial.forgetStamp(lost);
      const entry = draft('old', { stamps: ['', 'n:place'], tags: ['t:tag'] });
      await expectRefused(one, lease, entry, `the loss of '${lost}'`);
      await write(other, '@place:probe', entry);
      assert.notEqual(await validAt(one, `@place:${lost}`, ['', 'n:place']), 'old');
    }
  },

  'F27 many who invalidate and write at once: what is read is no older than what was acknowledged': async (
    trial,
  ) => {
    const processes = [await trial.openShared(), await trial.openShared()];
    let acknowledged = 0;
    let version = 0;
    await Promise.all(
      processes.map(async (store) => {
        for (let round = 0; round < 30; round++) {
          version += 1;
          const own = version;
          await store.invalidate({ keys: [], stamps: ['t:a'], mode: 'delete' });
          acknowledged = Math.max(acknowledged, own);
          const floor = acknowledged;
          const entry = await entryAt(store, ':k');
          const lease = await store.lease([{ key: ':k', ...(entry === null ? {} : { seen: entry.seen }) }], {
            stamps: ['', 't:a'],
            leaseMs: 1000,
          });
          const [given] = lease.answers;
          // The source is read now: it has at least what was acknowledged.
          const value = version;
          if (given !== undefined && 'lease' in given)
            await store.fill([{ lease: given, entry: draft(value, { tags: ['t:a'] }) }]);
          const seen = await validAt(store, ':k');
          if (seen !== undefined)
            assert.ok((seen as number) >= floor, `${String(seen)} was read after ${floor} was acknowledged.`);
        }
      }),
    );
  },
});
