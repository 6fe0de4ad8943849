import assert from 'node:assert/strict';
import { casesOf } from '../conformance-case.ts';
import { draft, entryAt, expectRefused, freshAt, obtain, validAt, write } from '../shared-entries.ts';

export const writes = casesOf('writes', {
  'an entry is read as it was written, with what is left of its life': async (trial) => {
    const [one, other] = [await trial.openShared(), await trial.openShared()];
    await write(one, ':k', draft({ a: [1] }, { ttlMs: 30_000, graceMs: 9_000, tags: ['t:a', 't:b'] }));
    const entry = (await entryAt(other, ':k'))!;
    assert.deepEqual([entry.value, entry.ttlMs, entry.graceMs, entry.loadMs], [{ a: [1] }, 30_000, 9_000, 0]);
    assert.deepEqual([...entry.tags].sort(), ['t:a', 't:b']);
    assert.ok(entry.freshMs > 20_000 && entry.freshMs <= 30_000, `freshMs: ${entry.freshMs}`);
    assert.ok(entry.keptMs > 29_000 && entry.keptMs <= 39_000, `keptMs: ${entry.keptMs}`);
    assert.equal(Math.abs(entry.keptMs - entry.freshMs - 9_000) <= 1, true, 'The grace comes after the ttl.');
  },

  'no end is Infinity': async (trial) => {
    const store = await trial.openShared();
    await write(store, ':k', draft(1));
    const endless = (await entryAt(store, ':k'))!;
    assert.deepEqual([endless.freshMs, endless.keptMs, endless.ttlMs], [Infinity, Infinity, Infinity]);
    await write(store, ':k', draft(1, { ttlMs: 30_000, graceMs: Infinity }));
    const kept = (await entryAt(store, ':k'))!;
    assert.ok(kept.freshMs <= 30_000);
    assert.deepEqual([kept.keptMs, kept.graceMs], [Infinity, Infinity]);
  },

  'past its ttl an entry is stale, past its grace it is gone': async (trial) => {
    const store = await trial.openShared();
    const startedMs = trial.clock.now();
    await write(store, ':k', draft('value', { ttlMs: 100, graceMs: 300 }));
    await write(store, ':bare', draft('value', { ttlMs: 100 }));
    await trial.until(async () => ((await entryAt(store, ':k'))?.freshMs ?? 0) <= 0, 'it is stale', 2_000);
    const entry = await entryAt(store, ':k');
    if (trial.clock.now() - startedMs < 390) {
      assert.ok(entry !== null, 'A stale entry is kept for its grace.');
      assert.ok(entry.keptMs > 0 && entry.keptMs <= 300, `keptMs: ${entry.keptMs}`);
      assert.equal(entry.value, 'value');
    }
    await trial.until(async () => (await entryAt(store, ':k')) === null, 'it is gone', 3_000);
    assert.ok(trial.clock.now() - startedMs >= 395, 'It was gone before its grace was over.');
    assert.equal(await entryAt(store, ':bare'), null);
  },

  'a later write replaces an earlier one, of another process too': async (trial) => {
    const [one, other] = [await trial.openShared(), await trial.openShared()];
    for (let round = 0; round < 20; round++) {
      await write(round % 2 === 0 ? one : other, ':k', draft(round));
      assert.equal(await freshAt(round % 3 === 0 ? one : other, ':k'), round);
    }
  },

  'it voids the lease': async (trial) => {
    const [one, other] = [await trial.openShared(), await trial.openShared()];
    const lease = await obtain(one, ':k');
    await write(other, ':k', draft('written'));
    assert.deepEqual(await one.renew([lease], 1000), [false]);
    await expectRefused(one, lease, draft('filled'), 'a write came between');
    assert.equal(await freshAt(one, ':k'), 'written');
  },

  'it makes the stamps that are missing': async (trial) => {
    const store = await trial.openShared();
    const names = ['', 'n:place', 't:tag'];
    await write(store, '@place:k', draft('value', { stamps: ['', 'n:place'], tags: ['t:tag'] }));
    assert.ok(!(await store.stamps(names)).includes(null));
    assert.equal(await validAt(store, '@place:k', ['', 'n:place']), 'value');
  },

  'several at once, answered in order': async (trial) => {
    const store = await trial.openShared();
    const writing = Array.from({ length: 100 }, (_, at) => ({ key: `:k${at}`, entry: draft(at) }));
    const outcomes = await store.write(writing);
    assert.equal(outcomes.length, 100);
    for (const { stored, bytes, compressed } of outcomes) {
      assert.equal(stored, true);
      assert.ok(Number.isFinite(bytes) && bytes >= 0);
      assert.equal(typeof compressed, 'boolean');
    }
    const { entries } = await store.read(writing.map(({ key }) => key).reverse(), { stamps: [] });
    assert.deepEqual(
      entries.map((entry) => entry !== null && 'value' in entry && entry.value),
      Array.from({ length: 100 }, (_, at) => 99 - at),
    );
    assert.deepEqual(await store.write([]), []);
  },

  'null, 0, empty text and false are values': async (trial) => {
    const store = await trial.openShared();
    for (const value of [null, 0, '', false]) {
      await write(store, ':k', draft(value));
      const entry = await entryAt(store, ':k');
      assert.ok(entry !== null, `${String(value)} is an entry.`);
      assert.equal(entry.value, value);
    }
  },

  'what was seen of an entry is another thing after each write': async (trial) => {
    const store = await trial.openShared();
    await write(store, ':k', draft('same'));
    const { seen } = (await entryAt(store, ':k'))!;
    await write(store, ':k', draft('same'));
    const { answers } = await store.lease([{ key: ':k', seen }], { stamps: [''], leaseMs: 1000 });
    assert.ok('value' in answers[0]!, 'A lease was given on an entry that has been replaced.');
  },

  'one key asked for twice, and keys that are missing, in one read': async (trial) => {
    const store = await trial.openShared();
    await write(store, ':a', draft(1));
    const { entries, stamps } = await store.read([':a', ':none', ':a'], { stamps: ['t:none', '', 't:none'] });
    assert.deepEqual(
      entries.map((entry) => entry !== null && 'value' in entry && entry.value),
      [1, false, 1],
    );
    assert.deepEqual(
      stamps.map((stamp) => stamp === null),
      [true, false, true],
    );
    const nothing = await store.read([], { stamps: [] });
    assert.deepEqual([nothing.entries.length, nothing.stamps.length], [0, 0]);
  },
});
