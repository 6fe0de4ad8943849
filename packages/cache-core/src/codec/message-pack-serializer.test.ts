import * as fc from 'fast-check';
import { Packr } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { graph, holed, nested, refusalOf, richValue, shapeOf } from '../../test/codec-values.ts';
import { CacheErrorCode } from '../errors/error-code.ts';
import { MessagePackSerializer } from './message-pack-serializer.ts';

const serializer = new MessagePackSerializer();
const there = <T>(value: T): T => serializer.deserialize<T>(Buffer.from(serializer.serialize(value)));
const refusal = (value: unknown) => refusalOf(() => serializer.serialize(value));
const damage = (bytes: string | Uint8Array) =>
  refusalOf(() => serializer.deserialize(bytes), CacheErrorCode.CORRUPT_ENTRY);

describe('MessagePackSerializer', () => {
  it('brings back every value that it takes', () => {
    fc.assert(
      fc.property(richValue, (value) => {
        expect(there(value)).toStrictEqual(value);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each<[string, unknown]>([
    ['undefined in an object', { a: undefined, b: [undefined] }],
    ['the edges of numbers', [2 ** 53 - 1, 2 ** 53, 2 ** 53 + 2, 5e-324, 1.7e308, -(2 ** 31), 2 ** 32]],
    [
      'the edges of bigints',
      [2n ** 63n, -(2n ** 63n), 2n ** 64n, -(2n ** 64n) - 1n, 2n ** 65_537n, -(2n ** 70_000n)],
    ],
    [
      'the edges of dates',
      [0, -1, 8.64e15, -8.64e15, 4_294_967_296_123, Number.NaN].map((time) => new Date(time)),
    ],
    [
      'lengths around each header',
      [31, 32, 255, 256, 65_535, 65_536].flatMap((n) => ['x'.repeat(n), 'é'.repeat(n)]),
    ],
    ['a million elements', Array.from({ length: 1e6 }, (_, index) => index)],
    [
      'more shapes than there are ids',
      Array.from({ length: 300 }, (_, n) => ({ [`k${n}`]: { [`l${n % 70}`]: n } })),
    ],
    [
      'keys that a program could trip over',
      JSON.parse('{"constructor":1,"hasOwnProperty":2,"then":3,"toJSON":4,"length":5,"":6}'),
    ],
    [
      'the same shape often enough to be compiled',
      Array.from({ length: 9 }, () => ({ '`${x}': 1, '\u2028"\\': 2 })),
    ],
    [
      'maps with keys of every kind',
      new Map<unknown, unknown>([
        [{ a: 1 }, new Map()],
        [Number.NaN, 1],
        [null, 2],
      ]),
    ],
    ['data that looks like a type of some other library', { type: 'Buffer', data: [1], $date: 1 }],
  ])('brings back %s', (_, value) => {
    expect(there(value)).toStrictEqual(value);
  });

  it('brings back the standard errors, with their causes', () => {
    const error = there(new TypeError('outer', { cause: new RangeError('inner', { cause: { id: 7 } }) }));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toBe('outer');
    expect(error.cause).toBeInstanceOf(RangeError);
    expect((error.cause as Error).cause).toStrictEqual({ id: 7 });
  });

  it('brings back cycles and parts that are referred to twice', () => {
    const shared = { when: new Date(5) };
    const value = { list: [shared, shared], map: new Map<string, unknown>(), set: new Set<unknown>() };
    value.map.set('value', value);
    value.set.add(value.list).add(value.set);
    const back = there(value);
    expect(back.list[0]).toBe(back.list[1]);
    expect(back.list[0]).toStrictEqual(shared);
    expect(back.map.get('value')).toBe(back);
    expect([...back.set]).toStrictEqual([back.list, back.set]);
  });

  it('brings back any graph of references', () => {
    fc.assert(
      fc.property(graph, (root) => {
        expect(shapeOf(there(root))).toStrictEqual(shapeOf(root));
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['a function', { f: () => 1 }, 'value.f is a function'],
    ['a symbol', [Symbol('s')], 'value[0] is a symbol'],
    ['a symbol as key', [{ [Symbol('s')]: 1 }], 'value[0] is an object with symbols as keys'],
    ['a class instance', { u: new URL('http://user:secret@host') }, 'value.u is an instance of URL'],
    ['a date of a subclass', new (class Day extends Date {})(), 'value is an instance of Day'],
    ['an array of a subclass', new (class Rows extends Array {})(), 'value is an instance of Rows'],
    ['an error with a code', Object.assign(new Error('x'), { code: 'E1' }), 'an Error with a property code'],
    ['an AggregateError', new AggregateError([], 'x'), 'value is an instance of AggregateError'],
    ['a map with properties', Object.assign(new Map(), { extra: 1 }), 'value is a Map with properties'],
    ['a boxed primitive', [Object(1n)], 'value[0] is an instance of BigInt'],
    ['shared memory', new SharedArrayBuffer(1), 'value is an instance of SharedArrayBuffer'],
    ['a weak map', { w: new WeakMap() }, 'value.w is an instance of WeakMap'],
    ['a generator', (function* () {})(), 'value is an instance of'],
    ['a hole', { a: holed }, 'value.a is an array with holes'],
    [
      'a lone surrogate',
      { a: [`${'x'.repeat(99)}\ud800`] },
      'value.a[0] is a string with half of a surrogate pair',
    ],
    [
      'a lone surrogate in a key',
      new Map([[1, { '\udfff': 1 }]]),
      'value.entries()[0][1] is an object with half',
    ],
    [
      'a key __proto__',
      new Set([JSON.parse('{"__proto__":1}')]),
      'value.values()[0] is an object with a key __proto__',
    ],
    ['a key __keys__', [{ __keys__: 1 }, {}], 'value[0] is an object with a key __keys__'],
  ])('refuses %s and says where', (_, value, message) => {
    expect(refusal(value).message).toContain(message);
  });

  it('refuses an error that contains itself, which would come back as a plain object', () => {
    const error = new Error('x');
    error.cause = { error };
    expect(refusal([error]).message).toContain(
      'value[0].cause.error is a reference to an object that it is a part of',
    );
  });

  it('takes 1,000 levels and refuses 100,000', () => {
    expect(there(nested(1_000))).toStrictEqual(nested(1_000));
    expect(refusal(nested(100_000)).message).toContain('more than 1024 levels');
  });

  it('writes shared parts once, however often they are referred to', () => {
    let value: unknown = 1;
    for (let level = 0; level < 60; level++) value = [value, value];
    expect(serializer.serialize(value).length).toBeLessThan(2_000);
  });

  it('takes bytes by the megabyte that look like maps, and refuses more than a million maps', () => {
    const silence = {
      pcm: Buffer.alloc(3e6, 0x80),
      text: '\u0080'.repeat(1e6),
      list: new Array(1e6).fill(-1.5),
    };
    const back = there(silence);
    expect(back.pcm.equals(silence.pcm)).toBe(true);
    expect(back.text === silence.text && back.list.length === 1e6).toBe(true);
    const maps = Array.from({ length: 1_000_001 }, () => new Map());
    expect(refusal(maps).message).toContain('one of more than 1000000 maps');
  });

  it('refuses what throws when it is read, does not quote it, and goes on', () => {
    const value = {
      first: { shape: 1 },
      get secret(): string {
        throw new Error('hunter2');
      },
    };
    const error = refusal(value);
    expect(`${error.message} ${String(error.cause)}`).not.toContain('hunter2');
    expect(there([{ shape: 1 }, {}])).toStrictEqual([{ shape: 1 }, {}]);
  });

  it('answers buffers that share no memory with what was read', () => {
    const bytes = Buffer.from(serializer.serialize({ b: Buffer.from('abc') }));
    const { b } = serializer.deserialize<{ b: Buffer }>(bytes);
    bytes.fill(0);
    expect(Buffer.isBuffer(b)).toBe(true);
    expect(b.toString()).toBe('abc');
    expect(b.buffer.byteLength).toBe(3);
  });

  it('writes each value so that it can be read alone', () => {
    const first = Buffer.from(serializer.serialize({ a: 1, b: 2 }));
    const second = Buffer.from(serializer.serialize({ a: 3, b: 4 }));
    expect(new MessagePackSerializer().deserialize(second)).toStrictEqual({ a: 3, b: 4 });
    expect(new MessagePackSerializer().deserialize(first)).toStrictEqual({ a: 1, b: 2 });
    expect(serializer.serialize({ a: 1, b: 2 })).toStrictEqual(Buffer.from(first));
  });

  it('reads what any MessagePack writer writes', () => {
    const plain = new Packr({ useRecords: false }).pack({ a: [1, 'x'] });
    expect(serializer.deserialize(plain)).toStrictEqual(new Map([['a', [1, 'x']]]));
    expect(serializer.deserialize(Uint8Array.from(plain))).toStrictEqual(new Map([['a', [1, 'x']]]));
  });

  it('refuses what is not exactly one value, and does not quote it', () => {
    const good = Buffer.from(serializer.serialize({ password: 'hunter2', list: [1, 2, 3] }));
    for (let length = 0; length < good.length; length++) damage(good.subarray(0, length));
    const error = damage(Buffer.concat([good, Uint8Array.of(1)]));
    expect(error.details).toMatchObject({ reason: 'payload' });
    expect(`${error.message} ${String(error.cause)}`).not.toContain('hunter2');
    damage('text');
    expect(serializer.deserialize(good)).toStrictEqual({ password: 'hunter2', list: [1, 2, 3] });
  });

  it('survives any bytes, and reads the next value as if they had not been', () => {
    const good = Buffer.from(serializer.serialize([{ a: 1 }, { a: 2 }, new Map([[1, { a: 3 }]])]));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          serializer.deserialize(bytes);
        } catch (error) {
          expect(error).toMatchObject({ code: CacheErrorCode.CORRUPT_ENTRY });
        }
        expect(serializer.deserialize(good)).toStrictEqual([{ a: 1 }, { a: 2 }, new Map([[1, { a: 3 }]])]);
      }),
      { numRuns: 2_000 },
    );
    expect('polluted' in {}).toBe(false);
  });

  it('refuses bytes that nest too deep, claim lengths that are not there, or never end', () => {
    damage(Buffer.alloc(1e6, 0x91));
    for (const header of [0xdd, 0xdf, 0xdb, 0xc6]) damage(Buffer.from([header, 0xff, 0xff, 0xff, 0xff, 1]));
    // Sixty arrays of twice the one before, and a byte too many: to write them out would take for ever.
    let doubled: unknown = [];
    for (let level = 0; level < 60; level++) doubled = [doubled, doubled];
    damage(Buffer.concat([serializer.serialize(doubled), Uint8Array.of(1)]));
  });

  it('refuses options', () => {
    expect(
      refusalOf(
        () => new MessagePackSerializer({ structures: [] } as object),
        CacheErrorCode.INVALID_CONFIGURATION,
      ).message,
    ).toContain("'structures'");
  });
});
