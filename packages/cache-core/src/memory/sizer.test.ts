import { describe, expect, it } from 'vitest';
import { makeTable } from '../../test/memory-fixture.ts';
import { CacheErrorCode } from '../errors/error-code.ts';
import { MemoryStore } from './memory-store.ts';
import { Sizer } from './sizer.ts';

const { root } = makeTable().table;

function sizerOf(answer: unknown): Sizer {
  return new Sizer(() => answer as number);
}

describe('Sizer', () => {
  it('estimates where it is not told, with what an entry costs beside its value', () => {
    const sizer = new Sizer(null);
    const { table } = makeTable();
    const bare = sizer.entryBytes(root, 'k', 'v', false);
    expect(bare).toBeGreaterThan(80);
    expect(sizer.entryBytes(root, 'k', 'v'.repeat(1001), false)).toBe(bare + 1000);
    expect(sizer.entryBytes(root, 'k'.repeat(1001), 'v', false)).toBe(bare + 1000);
    expect(sizer.entryBytes(table.root.child('n'), 'k', 'v', false)).toBeGreaterThan(bare);
    expect(sizer.entryBytes(root, 'k', 'v', true)).toBeGreaterThan(bare + 100);
  });

  it('takes what sizeOf answers, as a whole number of at least 1', () => {
    for (const [answer, bytes] of [
      [5, 5],
      [0, 1],
      [0.2, 1],
      [7.5, 8],
      [-0, 1],
      [Infinity, Infinity],
    ] as const) {
      expect(sizerOf(answer).entryBytes(root, 'k', 'v', true)).toBe(bytes);
    }
  });

  it('asks with value and key, and adds nothing', () => {
    const asked: unknown[] = [];
    const sizer = new Sizer((value, key) => asked.push(value, key));
    expect(sizer.entryBytes(root, 'k', 'v', true)).toBe(2);
    expect(asked).toEqual(['v', 'k']);
  });

  it.each([Number.NaN, -1, -Infinity, '5', 5n, null, undefined, {}])('refuses %s', (answer) => {
    expect(() => sizerOf(answer).entryBytes(root, 'k', 'v', false)).toThrow(
      expect.objectContaining({ code: CacheErrorCode.INVALID_CONFIGURATION, details: { option: 'sizeOf' } }),
    );
  });

  it('hands on as a cause what sizeOf throws', () => {
    const cause = new Error('mine');
    const sizer = new Sizer(() => {
      throw cause;
    });
    expect(() => sizer.entryBytes(root, 'k', 'v', false)).toThrow(
      expect.objectContaining({ code: CacheErrorCode.INVALID_CONFIGURATION, cause }),
    );
  });
});

describe('a write that sizeOf fails', () => {
  it.each([undefined, { a: 1 }])('leaves nothing under the key: %o', (value) => {
    let answer = 1;
    const store = new MemoryStore({ sizeOf: () => answer });
    store.setSync('k', 'old');
    answer = Number.NaN;
    expect(() => store.setSync('k', value ?? 'new')).toThrow(
      expect.objectContaining({ code: CacheErrorCode.INVALID_CONFIGURATION }),
    );
    expect(store.peek('k')).toBeUndefined();
    answer = 1;
    store.setSync('k', 'newer');
    expect(store.peek('k')).toBe('newer');
  });
});
