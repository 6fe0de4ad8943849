import { describe, expect, it } from 'vitest';
import { makeTable } from '../../test/memory-fixture.ts';
import { CacheErrorCode } from '../errors/error-code.ts';
import { type Isolation, isolate } from './isolation.ts';
import { MemoryStore } from './memory-store.ts';

/** Each with a way in which a caller could try to change it. */
const VALUES: [name: string, make: () => object, change: (value: never) => void][] = [
  ['an object', () => ({ a: 1 }), (value: { a: number }) => (value.a = 2)],
  ['an array', () => [1, 2], (value: number[]) => value.push(3)],
  [
    'something deep inside',
    () => ({ a: [{ b: { c: 1 } }] }),
    (value: { a: { b: { c: number } }[] }) => (value.a[0]!.b.c = 2),
  ],
  ['a Date', () => new Date(5), (value: Date) => value.setTime(6)],
  ['a Date inside', () => ({ at: [new Date(5)] }), (value: { at: Date[] }) => value.at[0]!.setTime(6)],
  ['a Map', () => new Map([['a', { b: 1 }]]), (value: Map<string, object>) => value.clear()],
  [
    'a value of a Map',
    () => new Map([['a', { b: 1 }]]),
    (value: Map<string, { b: number }>) => (value.get('a')!.b = 2),
  ],
  ['a Set', () => new Set([1]), (value: Set<number>) => value.add(2)],
  ['typed arrays', () => new Float64Array([1.5]), (value: Float64Array) => value.fill(0)],
  [
    'an ArrayBuffer',
    () => new Uint8Array([1, 2]).buffer,
    (value: ArrayBuffer) => new Uint8Array(value).fill(0),
  ],
  [
    'a DataView inside',
    () => ({ view: new DataView(new ArrayBuffer(4)) }),
    (value: { view: DataView }) => value.view.setInt8(0, 9),
  ],
  ['a Buffer', () => Buffer.from('abc'), (value: Buffer) => value.fill(0)],
  [
    'a Buffer inside',
    () => ({ data: [Buffer.from('abc')] }),
    (value: { data: Buffer[] }) => value.data[0]!.fill(0),
  ],
  ['a RegExp', () => /a/g, (value: RegExp) => value.test('a')],
  [
    'the cause of an Error',
    () => new Error('x', { cause: { a: 1 } }),
    (value: { cause: { a: number } }) => (value.cause.a = 2),
  ],
  ['what was frozen', () => Object.freeze({ a: { b: 1 } }), (value: { a: { b: number } }) => (value.a.b = 2)],
  [
    'no prototype',
    () => Object.assign(Object.create(null), { a: 1 }),
    (value: { a: number }) => (value.a = 2),
  ],
];

function tryTo(change: (value: never) => void, value: unknown): void {
  try {
    change(value as never);
  } catch {
    // Frozen.
  }
}

function storeWith(isolation: Isolation): MemoryStore {
  return new MemoryStore({ isolation });
}

describe.each(['clone', 'freeze'] as const)('%s', (isolation) => {
  it.each(VALUES)('keeps %s from whoever stored it and from whoever reads it', (_, make, change) => {
    const store = storeWith(isolation);
    const mine = make();
    store.setSync('k', mine);
    expect(store.peek('k')).toEqual(make());
    tryTo(change, mine);
    expect(store.peek('k')).toEqual(make());
    tryTo(change, store.peek('k'));
    expect(store.peek('k')).toEqual(make());
  });

  it.each(VALUES)('does not freeze the caller’s own %s', (_, make) => {
    const mine = make();
    const wasFrozen = Object.isFrozen(mine);
    storeWith(isolation).setSync('k', mine);
    expect(Object.isFrozen(mine)).toBe(wasFrozen);
    for (const member of Object.values(mine)) {
      if (typeof member === 'object') expect(Object.isFrozen(member)).toBe(false);
    }
  });

  it('keeps what a value is made of', () => {
    const shared = { s: 1 };
    const cyclic: Record<string, unknown> = {
      shared,
      again: shared,
      nan: Number.NaN,
      nothing: undefined,
      big: 2n,
      zero: -0,
    };
    cyclic.self = cyclic;
    const store = storeWith(isolation);
    store.setSync('k', cyclic);
    const kept = store.peek<typeof cyclic>('k')!;
    expect(kept).toEqual(cyclic);
    expect(kept).not.toBe(cyclic);
    expect(kept.self).toBe(kept);
    expect(kept.again).toBe(kept.shared);
    expect(Object.is(kept.zero, -0)).toBe(true);
    expect('nothing' in kept).toBe(true);
  });

  it('gives back Buffers as Buffers, with no more memory than they take', () => {
    const store = storeWith(isolation);
    const one = Buffer.from('one');
    const value = {
      one,
      again: one,
      list: [Buffer.from('two'), new Uint8Array([1])],
      map: new Map([['a', Buffer.from('three')]]),
      set: new Set([Buffer.from('four')]),
      error: new Error('x', { cause: Buffer.from('five') }),
    };
    store.setSync('k', value);
    for (const kept of [store.peek<typeof value>('k')!, store.peek<typeof value>('k')!]) {
      expect(kept).toEqual(value);
      expect(kept.again).toBe(kept.one);
      expect(kept.list[1]).toBeInstanceOf(Uint8Array);
      expect(Buffer.isBuffer(kept.list[1])).toBe(false);
      const buffers = [kept.one, kept.list[0], kept.map.get('a'), [...kept.set][0], kept.error.cause];
      expect(buffers.map(String)).toEqual(['one', 'two', 'three', 'four', 'five']);
      for (const buffer of buffers as Buffer[]) {
        expect(Buffer.isBuffer(buffer)).toBe(true);
        expect(buffer.buffer.byteLength).toBe(buffer.length);
      }
    }
    store.setSync('alone', Buffer.from('alone'));
    expect(store.peek<Buffer>('alone')!.toString()).toBe('alone');
    expect(store.peek<Buffer>('alone')!.buffer.byteLength).toBe(5);
  });

  it('makes plain data of instances of a class', () => {
    class Point {
      x = 1;
      get double(): number {
        return this.x * 2;
      }
    }
    const store = storeWith(isolation);
    store.setSync('k', new Point());
    expect(store.peek('k')).toStrictEqual({ x: 1 });
  });

  it.each([
    ['a function', () => ({ f: () => 1 })],
    ['a symbol', () => ({ s: Symbol('s') })],
    ['a promise inside', () => [Promise.resolve(1)]],
    ['a WeakMap', () => new WeakMap()],
    ['a proxy', () => new Proxy({}, {})],
    ['shared memory', () => ({ memory: new SharedArrayBuffer(8) })],
    ['a view of shared memory', () => new Int32Array(new SharedArrayBuffer(8))],
    [
      'a getter that throws',
      () =>
        Object.defineProperty({}, 'a', {
          enumerable: true,
          get: () => {
            throw new Error('secret');
          },
        }),
    ],
    [
      'what is too deep',
      () => {
        let deep: unknown[] = [];
        for (let level = 0; level < 1e5; level++) deep = [deep];
        return deep;
      },
    ],
  ])('refuses %s with a typed error, and keeps nothing', (_, make) => {
    const store = storeWith(isolation);
    store.setSync('k', 'old');
    let error: unknown;
    try {
      store.setSync('k', make());
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code: CacheErrorCode.INVALID_VALUE });
    expect(String(error)).not.toContain('secret');
    expect(store.peek('k')).toBeUndefined();
    expect(store.stats().entries).toBe(0);
  });

  it('costs primitives nothing', () => {
    const { table } = makeTable({ isolation });
    for (const value of ['text', 1, null, false, 5n]) {
      table.putPlain(table.root, 'k', value, Infinity);
      expect(table.find(table.root, 'k')).toBe(value);
    }
  });

  it('is quick with a long array', () => {
    const value = Array.from({ length: 200_000 }, (_, index) => index);
    const { value: copy } = isolate(value, isolation, 'k');
    expect(copy).toEqual(value);
    const sparse: number[] = [];
    sparse[4e9] = 1;
    expect((isolate(sparse, isolation, 'k').value as number[]).length).toBe(4e9 + 1);
  });
});

describe('clone', () => {
  it('is another object for each caller', () => {
    const store = storeWith('clone');
    store.setSync('k', { a: [1] });
    const [one, other] = [store.peek<{ a: number[] }>('k')!, store.peek<{ a: number[] }>('k')!];
    expect(one).not.toBe(other);
    expect(one.a).not.toBe(other.a);
  });
});

describe('freeze', () => {
  it('is one deeply frozen object for all', () => {
    const store = storeWith('freeze');
    store.setSync('k', { a: [{ b: 1 }] });
    const kept = store.peek<{ a: object[] }>('k')!;
    expect(store.peek('k')).toBe(kept);
    for (const object of [kept, kept.a, kept.a[0]]) expect(Object.isFrozen(object)).toBe(true);
  });

  it('is a clone for each where freezing holds nothing', () => {
    const store = storeWith('freeze');
    for (const value of [{ at: new Date(0) }, [new Map()], { r: /a/ }, new Uint8Array(1)]) {
      store.setSync('k', value);
      expect(store.peek('k')).not.toBe(store.peek('k'));
    }
  });
});

describe('share', () => {
  it('is the very object, whatever that is', () => {
    const store = storeWith('share');
    for (const value of [{ f: () => 1 }, new WeakMap(), new Proxy({}, {}), Object.freeze([])]) {
      store.setSync('k', value);
      expect(store.peek('k')).toBe(value);
    }
  });
});
