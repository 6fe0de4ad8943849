import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holed, nested, refusalOf } from '../../test/codec-values.ts';
import { CacheErrorCode } from '../errors/error-code.ts';
import { JSONSerializer } from './json-serializer.ts';

const serializer = new JSONSerializer();
const there = (value: unknown) => serializer.deserialize(serializer.serialize(value));
const refusal = (value: unknown) => refusalOf(() => serializer.serialize(value));

describe('JSONSerializer', () => {
  it('writes what JSON.stringify writes', () => {
    const value = { id: 1, name: 'John', tags: ['a', null, true], nested: { score: 1.5 } };
    expect(serializer.serialize(value)).toBe(JSON.stringify(value));
    expect(there(value)).toStrictEqual(value);
  });

  it('brings back every value that it takes', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const normal = JSON.parse(JSON.stringify(value));
        expect(there(normal)).toStrictEqual(normal);
      }),
    );
  });

  it('reads bytes as well as text', () => {
    expect(serializer.deserialize(Buffer.from('{"ä":1}'))).toStrictEqual({ ä: 1 });
    expect(() => serializer.deserialize(Uint8Array.of(0x22, 0xff, 0x22))).toThrow(/not JSON/);
  });

  it.each([
    ['undefined in an object', { user: { nick: undefined } }, 'value.user.nick is undefined'],
    ['a date', { items: [0, 1, { when: new Date(0) }] }, 'value.items[2].when is an instance of Date'],
    ['NaN', [Number.NaN], 'value[0] is NaN'],
    ['infinity', { 'not a name': -Infinity }, 'value["not a name"] is -Infinity'],
    ['a bigint', { n: 1n }, 'value.n is a bigint'],
    ['a map', new Map(), 'value is an instance of Map'],
    ['a set', { s: new Set([1]) }, 'value.s is an instance of Set'],
    ['a buffer', { b: Buffer.from('x') }, 'value.b is an instance of'],
    ['a typed array', Uint8Array.of(1), 'value is an instance of Uint8Array'],
    ['a function', { f: () => 1 }, 'value.f is a function'],
    ['a toJSON of its own', { toJSON: () => 1 }, 'value.toJSON is a function'],
    ['a symbol', [Symbol('s')], 'value[0] is a symbol'],
    ['a symbol as key', { [Symbol('s')]: 1 }, 'an object with symbols as keys'],
    ['a hole', holed, 'value[1] is undefined'],
    ['a class instance', { u: new URL('http://user:secret@host') }, 'value.u is an instance of URL'],
    ['a boxed primitive', [Object(1)], 'value[0] is an instance of Number'],
    ['an array of a subclass', new (class Rows extends Array {})(), 'value is an instance of Rows'],
    ['undefined itself', undefined, 'value is undefined'],
  ])('refuses %s and says where', (_, value, message) => {
    expect(refusal(value).message).toContain(message);
    expect(refusal(value).message).toContain('MessagePackSerializer');
  });

  it('refuses cycles, but not parts that are referred to twice', () => {
    const cycle: Record<string, unknown> = { a: {} };
    cycle.a = { back: cycle };
    expect(refusal(cycle).message).toContain('value.a.back is a reference to an object that it is a part of');
    const shared = { x: 1 };
    expect(there([shared, shared])).toStrictEqual([{ x: 1 }, { x: 1 }]);
  });

  it('takes 1,000 levels and refuses 100,000', () => {
    expect(there(nested(1_000))).toStrictEqual(nested(1_000));
    expect(refusal(nested(100_000)).message).toContain('more than 1024 levels');
  });

  it('refuses shared parts that would never be written out', () => {
    let value: unknown = 1;
    for (let level = 0; level < 60; level++) value = [value, value];
    expect(refusal(value).code).toBe(CacheErrorCode.SERIALIZATION_FAILED);
  });

  it('refuses what throws when it is read, and does not quote it', () => {
    const value = {
      get secret(): string {
        throw new Error('hunter2');
      },
    };
    const error = refusal(value);
    expect(`${error.message} ${String(error.cause)}`).not.toContain('hunter2');
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(refusal(proxy).code).toBe(CacheErrorCode.SERIALIZATION_FAILED);
  });

  it('keeps __proto__ as a key like any other', () => {
    const value = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}');
    const back = there(value) as object;
    expect(Object.hasOwn(back, '__proto__')).toBe(true);
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
    expect('polluted' in {}).toBe(false);
  });

  it('keeps lone surrogates, and data that looks like a type of some other library', () => {
    for (const value of [
      '\ud800',
      { '\udfff': 'x\ud800' },
      { type: 'Buffer', data: [1] },
      { $date: 1 },
      JSON.parse('{"then":1}'),
    ]) {
      expect(there(value)).toStrictEqual(value);
    }
  });

  it('takes objects without a prototype, proxies and frozen objects as the plain ones they stand for', () => {
    expect(there(Object.assign(Object.create(null), { a: 1 }))).toStrictEqual({ a: 1 });
    expect(there(new Proxy({ a: [1] }, {}))).toStrictEqual({ a: [1] });
    expect(there(Object.freeze({ a: Object.freeze([1]) }))).toStrictEqual({ a: [1] });
  });

  it('does what JSON does where that is asked for', () => {
    const lossy = new JSONSerializer({ lossy: true });
    expect(lossy.serialize({ when: new Date(0), gone: undefined, n: Number.NaN })).toBe(
      '{"when":"1970-01-01T00:00:00.000Z","n":null}',
    );
    expect(refusalOf(() => lossy.serialize(() => 1)).code).toBe(CacheErrorCode.SERIALIZATION_FAILED);
    expect(refusalOf(() => lossy.serialize(1n)).code).toBe(CacheErrorCode.SERIALIZATION_FAILED);
  });

  it('refuses text that is not JSON, and does not quote it', () => {
    for (const text of ['', '{"password":"hunter2"', 'undefined', '{"a":1}}', '[1]\0']) {
      const error = refusalOf(() => serializer.deserialize(text), CacheErrorCode.CORRUPT_ENTRY);
      expect(error.details).toMatchObject({ reason: 'payload' });
      expect(`${error.message} ${String(error.cause)}`).not.toContain('hunter2');
    }
  });

  it('refuses text that nests too deep', () => {
    const million = '['.repeat(1e6) + ']'.repeat(1e6);
    const objects = `${'{"a":'.repeat(1e5)}1${'}'.repeat(1e5)}`;
    for (const text of [million, objects]) {
      expect(refusalOf(() => serializer.deserialize(text), CacheErrorCode.CORRUPT_ENTRY).message).toContain(
        'deep',
      );
    }
  });

  it('refuses options that it does not know', () => {
    const make = (options: object) => () => new JSONSerializer(options);
    expect(refusalOf(make({ lossles: true }), CacheErrorCode.INVALID_CONFIGURATION).message).toContain(
      "'lossles'",
    );
    expect(refusalOf(make({ lossy: 1 }), CacheErrorCode.INVALID_CONFIGURATION).message).toContain(
      'true or false',
    );
  });
});
