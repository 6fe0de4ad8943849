import assert from 'node:assert/strict';
import { CacheErrorCode } from '@larder/cache-core';
import { casesOf } from '../conformance-case.ts';
import { badValues, goodValues, trickyValues } from '../hostile-input.ts';
import { isKept, refusal } from '../refusal.ts';
import { sameValue } from '../same-value.ts';

/** Beside those that are hostile: what applications keep every day. */
const everydayValues: readonly (readonly [string, unknown])[] = [
  ['true', true],
  ['a whole number', 42],
  ['a fraction', 0.1],
  ['text', 'grüezi'],
  ['text with a NUL', 'a\0b'],
  ['text like JSON', '{"a":1}'],
  ['text like null', 'null'],
  ['text like a number', '007'],
  ['bytes', Buffer.from([0, 1, 254, 255])],
  ['a Uint8Array', new Uint8Array([1, 2, 3])],
  ['a date', new Date(0)],
  ['an array', [1, 'two', null, [true]]],
  ['an object', { id: 1, name: 'a', nested: { list: [{ deep: 'x' }] } }],
  ['undefined inside', { a: undefined, b: [undefined] }],
  ['a shared part', ((part) => [part, part])({ a: 1 })],
  ['an emoji', '👩‍👩‍👧‍👦'],
  ['an empty array', []],
  ['an empty object', {}],
];
const allValues = [...everydayValues, ...goodValues];

export const values = casesOf('values', {
  'each value comes back as it was set, or its set is refused': async (trial) => {
    const store = await trial.open();
    for (const [name, value] of allValues) {
      if (!(await isKept(name, () => store.set('k', value)))) continue;
      const answer = await store.get('k');
      assert.ok(sameValue(value, answer), `${name} came back as something else (${typeof answer}).`);
    }
  },

  'each value comes back through a cache, from the store': async (trial) => {
    const store = await trial.open();
    const cache = await trial.cache(
      { l1: store.capabilities?.shared === undefined ? undefined : false },
      store,
    );
    for (const [name, value] of allValues) {
      // A store of seven methods cannot tell a null from nothing.
      if (value === null && store.capabilities?.shared === undefined) continue;
      if (!(await isKept(name, () => cache.set('k', value)))) continue;
      const entry = await cache.getEntry('k');
      assert.ok(entry !== null, `${name} is a hit.`);
      assert.ok(
        sameValue(value, entry.value),
        `${name} came back as something else (${typeof entry.value}).`,
      );
    }
  },

  'a value that is refused leaves nothing half done': async (trial) => {
    const store = await trial.open();
    for (const [name, value] of [...badValues, ...trickyValues(), ...allValues]) {
      await store.set('k', 'before');
      const kept = await isKept(name, () => store.set('k', value));
      if (kept) continue;
      const answer = await store.get('k');
      assert.ok(answer === 'before' || answer === null, `${name} was refused, and something else is there.`);
    }
    await store.set('k', 'after');
    assert.equal(await store.get('k'), 'after');
  },

  'what can be no value is refused with INVALID_VALUE': async (trial) => {
    const store = await trial.open();
    for (const [name, value] of badValues) {
      await refusal(name, () => store.set('k', value), CacheErrorCode.INVALID_VALUE);
    }
    assert.equal(await store.get('k'), null);
  },

  'a value is kept as it was when it was set': async (trial) => {
    const store = await trial.open();
    const { persistent, remote } = store.capabilities ?? {};
    // Memory may hand out the caller's own object.
    if (persistent !== true && remote === undefined) return;
    const value = { list: [1], bytes: Buffer.from('abc') };
    await store.set('k', value);
    value.list.push(2);
    value.bytes.fill(0);
    const first = await store.get<typeof value>('k');
    assert.deepEqual(first, { list: [1], bytes: Buffer.from('abc') });
    first!.list.push(3);
    first!.bytes.fill(0);
    assert.deepEqual(await store.get('k'), { list: [1], bytes: Buffer.from('abc') });
  },

  'a later value replaces an earlier one, of whatever kind': async (trial) => {
    const store = await trial.open();
    for (const value of ['text', { a: 1 }, 7, Buffer.from('x'), [1], false, 'text']) {
      await store.set('k', value);
      assert.deepEqual(await store.get('k'), value);
    }
  },
});
