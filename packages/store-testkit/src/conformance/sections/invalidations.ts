import assert from 'node:assert/strict';
import { casesOf } from '../conformance-case.ts';
import { draft, entryAt, freshAt, obtain, validAt, write } from '../shared-entries.ts';

export const invalidations = casesOf('invalidations', {
  'keys are gone at the acknowledgement, for every process': async (trial) => {
    const [one, other] = [await trial.openShared(), await trial.openShared()];
    for (const key of [':a', ':b', ':c']) await write(one, key, draft(key));
    const { found, stamps } = await one.invalidate({
      keys: [':c', ':none', ':a'],
      stamps: [],
      mode: 'delete',
    });
    assert.deepEqual([...found], [true, false, true]);
    assert.deepEqual([...stamps], []);
    assert.deepEqual(
      [await freshAt(other, ':a'), await freshAt(other, ':b'), await freshAt(other, ':c')],
      [undefined, ':b', undefined],
    );
  },

  'nothing at all is something one can ask for': async (trial) => {
    const store = await trial.openShared();
    const { found, stamps } = await store.invalidate({ keys: [], stamps: [], mode: 'delete' });
    assert.deepEqual([found.length, stamps.length], [0, 0]);
  },

  'expire makes stale at once, and keeps for the grace': async (trial) => {
    const store = await trial.openShared();
    await write(store, ':k', draft('value', { ttlMs: 50_000, graceMs: 5_000 }));
    await write(store, ':bare', draft('value', { ttlMs: 50_000 }));
    await write(store, ':endless', draft('value', { graceMs: Infinity }));
    const keys = [':k', ':none', ':bare', ':endless'];
    const { found } = await store.invalidate({ keys, stamps: [], mode: 'expire' });
    assert.deepEqual([...found], [true, false, true, true]);
    const entry = await entryAt(store, ':k');
    assert.ok(entry !== null && entry.freshMs <= 0, 'It is stale.');
    assert.ok(entry.keptMs > 0 && entry.keptMs <= 5_000, `keptMs: ${entry.keptMs}`);
    assert.equal(entry.value, 'value');
    assert.equal(await validAt(store, ':k'), 'value', 'A stale entry stays valid under its stamps.');
    assert.equal(await entryAt(store, ':bare'), null, 'Without a grace there is nothing to keep.');
    const endless = await entryAt(store, ':endless');
    assert.ok(endless !== null && endless.freshMs <= 0 && endless.keptMs === Infinity);
  },

  'a second expire does not lengthen the grace': async (trial) => {
    const store = await trial.openShared();
    await write(store, ':k', draft('value', { ttlMs: 100, graceMs: 400 }));
    await trial.until(async () => ((await entryAt(store, ':k'))?.freshMs ?? 0) <= 0, 'it is stale', 2_000);
    const before = (await entryAt(store, ':k'))?.keptMs ?? 0;
    await store.invalidate({ keys: [':k'], stamps: [], mode: 'expire' });
    assert.ok(((await entryAt(store, ':k'))?.keptMs ?? 0) <= before + 2);
  },

  'it voids leases, in both modes: the next who asks gets one': async (trial) => {
    const [one, other] = [await trial.openShared(), await trial.openShared()];
    for (const mode of ['delete', 'expire'] as const) {
      const lease = await obtain(one, ':k');
      const untouched = await obtain(one, `:other ${mode}`);
      await other.invalidate({ keys: [':k'], stamps: [], mode });
      assert.deepEqual(await one.renew([lease, untouched], 1000), [false, true]);
      await other.release([await obtain(other, ':k')]);
    }
  },

  'keys and stamps in one step': async (trial) => {
    const store = await trial.openShared();
    await write(store, ':k', draft('by key'));
    await write(store, ':tagged', draft('by tag', { tags: ['t:a'] }));
    await write(store, ':other', draft('stays', { tags: ['t:b'] }));
    const outcome = await store.invalidate({ keys: [':k'], stamps: ['t:a', 't:never'], mode: 'delete' });
    assert.deepEqual([outcome.found.length, outcome.stamps.length], [1, 2]);
    assert.deepEqual(
      [await validAt(store, ':k'), await validAt(store, ':tagged'), await validAt(store, ':other')],
      [undefined, undefined, 'stays'],
    );
  },

  'the stamps that are answered are those that stand': async (trial) => {
    const store = await trial.openShared();
    await write(store, ':k', draft('value', { tags: ['t:a'] }));
    const { asOf } = (await entryAt(store, ':k'))!;
    const { stamps } = await store.invalidate({ keys: [], stamps: ['t:a', ''], mode: 'delete' });
    for (const [at, name] of ['t:a', ''].entries()) {
      assert.equal(
        store.isCurrent(asOf, name, stamps[at]!),
        false,
        `What was before is not under the new '${name}'.`,
      );
    }
    const lease = await obtain(store, ':new', { stamps: ['', 't:a'] });
    for (const [at, name] of ['t:a', ''].entries())
      assert.equal(
        store.isCurrent(lease.asOf, name, stamps[at]!),
        true,
        `What is after is under the new '${name}'.`,
      );
  },

  'what is written right after it stays, however soon after (P7, F27)': async (trial) => {
    const [one, other] = [await trial.openShared(), await trial.openShared()];
    for (let round = 0; round < 50; round++) {
      await one.invalidate({ keys: [':k'], stamps: ['', 't:a'], mode: 'delete' });
      await write(round % 2 === 0 ? one : other, ':k', draft(round, { tags: ['t:a'] }));
      assert.equal(await freshAt(other, ':k'), round);
    }
  },

  'what was written right before it is gone, however soon before': async (trial) => {
    const [one, other] = [await trial.openShared(), await trial.openShared()];
    for (let round = 0; round < 50; round++) {
      await write(one, ':k', draft(round, { tags: ['t:a'] }));
      await (round % 2 === 0 ? one : other).invalidate({ keys: [], stamps: ['t:a'], mode: 'delete' });
      assert.equal(await validAt(other, ':k'), undefined);
    }
  },

  'many keys at once': async (trial) => {
    const store = await trial.openShared();
    const keys = Array.from({ length: 1000 }, (_, at) => `:k${at}`);
    await store.write(keys.map((key) => ({ key, entry: draft(key) })));
    const { found } = await store.invalidate({ keys: keys.slice(1), stamps: [], mode: 'delete' });
    assert.equal(found.filter(Boolean).length, 999);
    const { entries } = await store.read(keys, { stamps: [] });
    assert.equal(entries.filter((entry) => entry !== null).length, 1);
  },
});
