import assert from 'node:assert/strict';
import { casesOf } from '../conformance-case.ts';
import { isKept } from '../refusal.ts';

const KB = 1024;
const MB = 1024 * KB;
const SIZES = [0, 1, 250, 4 * KB, 64 * KB - 1, 64 * KB, 64 * KB + 1, MB - 1, MB, MB + 1, 2 * MB];
/** More than any store takes where it has a limit by default. */
const HUGE = 65 * MB;

export const sizes = casesOf(
  'sizes',
  {
    'text of any size comes back whole, or is refused': async (trial) => {
      const store = await trial.open();
      for (const size of SIZES) {
        const value = 'x'.repeat(size);
        if (await isKept(`${size} characters`, () => store.set('k', value)))
          assert.ok((await store.get('k')) === value, `${size} characters came back as something else.`);
      }
    },

    'bytes of any size come back whole, or are refused': async (trial) => {
      const store = await trial.open();
      for (const size of SIZES) {
        const value = Buffer.alloc(size, 'päckli');
        if (!(await isKept(`${size} bytes`, () => store.set('k', value)))) continue;
        const answer = await store.get<Buffer>('k');
        assert.ok(answer !== null && value.equals(answer), `${size} bytes came back as something else.`);
      }
    },

    'many members come back, or are refused': async (trial) => {
      const store = await trial.open();
      const value = Array.from({ length: 100_000 }, (_, at) => at);
      if (await isKept('100,000 members', () => store.set('k', value)))
        assert.deepEqual(await store.get('k'), value);
    },

    'what is too large leaves nothing, and harms nobody': async (trial) => {
      const store = await trial.open();
      await store.set('k', 'before');
      await store.set('other', 'kept');
      const huge = 'x'.repeat(HUGE);
      const kept = await isKept(`${HUGE} characters`, () => store.set('k', huge));
      const answer = await store.get<string>('k');
      if (kept) assert.ok(answer === huge, 'It was stored, and came back as something else.');
      else assert.ok(answer === 'before' || answer === null, 'It was refused, and something else is there.');
      await store.set('k', 'after');
      assert.equal(await store.get('k'), 'after');
      if (!kept) assert.equal(await store.get('other'), 'kept');
    },

    'what is too large through a cache is answered all the same': async (trial) => {
      const cache = await trial.cache();
      const huge = 'x'.repeat(HUGE);
      assert.ok((await trial.done(cache.get('k', () => huge))) === huge);
      await trial.done(cache.delete('k'));
      assert.equal(await cache.get('k'), null);
    },
  },
  60_000,
);
