import assert from 'node:assert/strict';
import { casesOf } from '../conformance-case.ts';

export const persistence = casesOf('persistence', {
  'an entry outlives the instance that set it': async (trial) => {
    const store = await trial.open();
    const value = { list: [1, new Date(2)], text: 'x'.repeat(10_000) };
    await store.set('k', value);
    await store.set('gone', 1);
    await store.delete('gone');
    await store.disconnect();
    const later = await trial.open();
    assert.deepEqual([await later.get('k'), await later.get('gone')], [value, null]);
  },

  'its life goes on meanwhile': async (trial) => {
    const store = await trial.open();
    await store.set('short', 1, 0.2);
    await store.set('long', 2, 1000);
    await store.disconnect();
    const later = await trial.open();
    await trial.until(async () => (await later.get('short')) === null, 'the short life is over', 2_200);
    assert.equal(await later.get('long'), 2);
  },

  'two instances see one another': async (trial) => {
    const [one, other] = [await trial.open(), await trial.open()];
    await one.set('k', 1);
    assert.equal(await other.get('k'), 1);
    await other.set('k', 2);
    assert.equal(await one.get('k'), 2);
    await one.delete('k');
    assert.equal(await other.get('k'), null);
    await other.set('k', 3);
    await one.clear();
    assert.equal(await other.get('k'), null);
  },

  'two instances that write one key at once leave one of their values, whole': async (trial) => {
    const stores = [await trial.open(), await trial.open()];
    const text = (at: number): string => String(at % 10).repeat(20_000);
    for (let round = 0; round < 10; round++) {
      await Promise.all(
        stores.flatMap((store, at) => [store.set('k', text(at)), store.set('k', text(at + 2))]),
      );
      const answers = await Promise.all(stores.map((store) => store.get<string>('k')));
      assert.equal(answers[0], answers[1]);
      assert.ok(
        [0, 1, 2, 3].some((at) => text(at) === answers[0]),
        'What was read is no value that was written.',
      );
    }
  },

  'a clear survives the instance, too': async (trial) => {
    const store = await trial.open();
    await store.set('k', 1);
    await store.clear();
    await store.disconnect();
    assert.equal(await (await trial.open()).get('k'), null);
  },
});
