import assert from 'node:assert/strict';
import { casesOf } from '../conformance-case.ts';

const AT_ONCE = 200;

export const concurrency = casesOf('concurrency', {
  'calls at the same time do not mix up their answers': async (trial) => {
    const store = await trial.open();
    await Promise.all(Array.from({ length: AT_ONCE }, (_, at) => store.set(`k${at}`, { at })));
    const answers = await Promise.all(
      Array.from({ length: AT_ONCE }, (_, at) => store.get(`k${AT_ONCE - 1 - at}`)),
    );
    answers.forEach((answer, at) => {
      assert.deepEqual(answer, { at: AT_ONCE - 1 - at });
    });
  },

  'writers of one key leave one of their values': async (trial) => {
    const store = await trial.open();
    await Promise.all(
      Array.from({ length: 50 }, (_, at) => store.set('k', { at, text: 'x'.repeat(at * 10) })),
    );
    const answer = await store.get<{ at: number; text: string }>('k');
    assert.ok(answer !== null);
    assert.deepEqual(answer, { at: answer.at, text: 'x'.repeat(answer.at * 10) });
  },

  'readers beside writers see whole values': async (trial) => {
    const store = await trial.open();
    const text = (at: number): string => String(at).repeat(1000);
    await store.set('k', [0, text(0)]);
    const writes = Array.from({ length: 50 }, (_, at) => store.set('k', [at, text(at)]));
    const reads = Array.from({ length: 50 }, () => store.get<[number, string]>('k'));
    for (const answer of await Promise.all(reads)) {
      assert.ok(answer !== null, 'A set does not pass through absence.');
      assert.equal(answer[1], text(answer[0]));
    }
    await Promise.all(writes);
  },

  'whoever has been answered sees what was done (P2)': async (trial) => {
    const store = await trial.open();
    await Promise.all(
      Array.from({ length: 20 }, async (_, at) => {
        for (let round = 0; round < 10; round++) {
          await store.set(`k${at}`, round);
          assert.equal(await store.get(`k${at}`), round, 'A read after its own set.');
          if (round % 3 !== 0) continue;
          await store.delete(`k${at}`);
          assert.equal(await store.get(`k${at}`), null, 'A read after its own delete.');
        }
      }),
    );
  },

  'a clear beside writers ends, and leaves nothing of before': async (trial) => {
    const store = await trial.open();
    await Promise.all(Array.from({ length: 50 }, (_, at) => store.set(`old${at}`, at)));
    const writes = Array.from({ length: 50 }, (_, at) => store.set(`new${at}`, at));
    await Promise.all([store.clear(), ...writes]);
    for (let at = 0; at < 50; at++) assert.equal(await store.get(`old${at}`), null);
    await store.clear();
    for (let at = 0; at < 50; at++) assert.equal(await store.get(`new${at}`), null);
  },
});
