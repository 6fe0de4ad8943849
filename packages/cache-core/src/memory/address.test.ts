import fc from 'fast-check';
import { expect, it } from 'vitest';
import { makeTable, placeAt } from '../../test/memory-fixture.ts';
import { escapeName } from '../key.ts';
import { locate } from './address.ts';

const name = fc.string({ minLength: 1, unit: fc.constantFrom('a', 'b', '/', ':', '@', '\\', 'é') });

it('takes apart what a place has joined, whatever is in the names', () => {
  const { table } = makeTable();
  fc.assert(
    fc.property(fc.array(name, { maxLength: 3 }), name, (names, key) => {
      const path = names.map(escapeName).join('/');
      expect(locate(placeAt(table, names).address(key))).toEqual({ path, key });
    }),
  );
});

it.each(['', 'key', '@', '@a', '@a\\:b', '@a\\'])('takes nothing else apart: %j', (address) => {
  expect(locate(address)).toBeNull();
});
