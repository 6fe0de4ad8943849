import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holed, plainValue, refusalOf, richValue } from '../../test/codec-values.ts';
import type { CompressionOptions } from '../contracts/compressor.ts';
import type { Serializer } from '../contracts/serializer.ts';
import { CacheErrorCode } from '../errors/error-code.ts';
import { Codec, type CodecOptions, type Encoded } from './codec.ts';
import { isAvailable } from './compression.ts';
import type { EntryMeta } from './entry-meta.ts';
import { JSONSerializer } from './json-serializer.ts';
import { MessagePackSerializer } from './message-pack-serializer.ts';

const ADDRESS = 'larder:v:user:1';
const META: EntryMeta = { ttlMs: 60_000, graceMs: 0, loadMs: 12 };
const LONG = Array.from({ length: 900 }, (_, id) => ({ id, name: `User ${id}`, city: 'Kraków' }));

const COMPRESSIONS: (CompressionOptions | undefined)[] = [
  undefined,
  ...(['gzip', 'deflate', 'brotli', 'zstd'] as const)
    .filter(isAvailable)
    .map((algorithm) => ({ algorithm, threshold: 0 })),
];
const MATRIX = COMPRESSIONS.flatMap((compression) => [
  {
    name: `MessagePack, ${compression?.algorithm ?? 'uncompressed'}`,
    values: richValue,
    options: { compression },
  },
  {
    name: `JSON, ${compression?.algorithm ?? 'uncompressed'}`,
    values: plainValue,
    options: { compression, serializer: new JSONSerializer() },
  },
]);

/** A serializer of the user's own, which must see every value. */
const reversing: Serializer = {
  format: 64,
  serialize: (value) => [...JSON.stringify(value)].reverse().join(''),
  deserialize: (data) => JSON.parse([...(data as string)].reverse().join('')),
};

const encode = (value: unknown, options: CodecOptions = {}, compress?: boolean) =>
  new Codec(options).encode(ADDRESS, value, META, compress) as Encoded;
async function there(codec: Codec, value: unknown, compress?: boolean): Promise<unknown> {
  const { bytes } = await codec.encode(ADDRESS, value, META, compress);
  const decoded = await codec.decode(ADDRESS, bytes);
  expect(decoded.meta).toMatchObject(META);
  return decoded.value;
}

describe.each(MATRIX)('Codec with $name', ({ values, options }) => {
  const codec = new Codec(options);

  it('brings back every value that it takes', async () => {
    await fc.assert(
      fc.asyncProperty(values, async (value) => {
        fc.pre(value !== undefined);
        expect(await there(codec, value)).toStrictEqual(value);
      }),
      { numRuns: 150 },
    );
  });

  it('brings back large values, by way of another thread', async () => {
    for (const value of [LONG, JSON.stringify(LONG), 'x'.repeat(3e5), 'é'.repeat(1e5)]) {
      expect(await there(codec, value)).toStrictEqual(value);
    }
  });

  it('is read by a codec with any other options', async () => {
    const { bytes } = await codec.encode(ADDRESS, LONG, META);
    for (const { options: others } of MATRIX) {
      expect((await new Codec(others).decode(ADDRESS, bytes)).value).toStrictEqual(LONG);
    }
  });
});

describe('Codec', () => {
  it('answers at once unless something large is compressed', () => {
    const codec = new Codec({ compression: { algorithm: 'gzip' } });
    const small = codec.encode(ADDRESS, 'x'.repeat(5_000), META) as Encoded;
    expect(small.compressed).toBe(true);
    expect(codec.decode(ADDRESS, small.bytes)).toMatchObject({ value: 'x'.repeat(5_000) });
    expect(codec.encode(ADDRESS, 'x'.repeat(30_000), META)).toBeInstanceOf(Promise);
    expect(codec.encode(ADDRESS, 'x'.repeat(30_000), META, false)).toMatchObject({ compressed: false });
  });

  it('compresses from the threshold on, or as the entry says, and only if that makes it smaller', async () => {
    const compression = { algorithm: 'gzip', threshold: 1_000 } as const;
    expect(encode('x'.repeat(999), { compression }).compressed).toBe(false);
    expect(encode('x'.repeat(1_000), { compression }).compressed).toBe(true);
    expect(encode('x'.repeat(999), { compression }, true).compressed).toBe(true);
    expect(encode('x'.repeat(999), {}, true).compressed).toBe(true);
    expect(encode('x'.repeat(999)).compressed).toBe(false);
    expect(encode('short', { compression }, true).compressed).toBe(false);
    const noise = Buffer.from(Array.from({ length: 3_000 }, (_, index) => (index * index * 7_919) >> 5));
    expect(await there(new Codec({ compression }), noise)).toStrictEqual(noise);
  });

  it('does not compress what it would take for a bomb when it reads it', async () => {
    const codec = new Codec({ compression: { algorithm: 'brotli' } });
    const zeros = Buffer.alloc(4 * 2 ** 20);
    expect((await codec.encode(ADDRESS, zeros, META)).compressed).toBe(false);
    expect(zeros.equals((await there(codec, zeros)) as Buffer)).toBe(true);
  });

  it.each([
    ['text', 'Kraków', 'Kraków'],
    ['empty text', '', ''],
    ['whole numbers', -42, '=-42=-42'],
    ['bytes', Buffer.from('raw'), 'raw'],
    ['null', null, '\xc0'],
  ])('stores %s without detours', (_, value, payload) => {
    expect(
      encode(value)
        .bytes.toString(payload === '\xc0' ? 'latin1' : 'utf8')
        .endsWith(payload),
    ).toBe(true);
  });

  it('stores a JSON text that a person can read', () => {
    expect(
      encode({ id: 1 }, { serializer: new JSONSerializer() }).bytes.toString().endsWith('{"id":1}'),
    ).toBe(true);
  });

  it('reads an entry behind something else, to the same answer', () => {
    const codec = new Codec();
    for (const value of ['text', 42, { a: [1, 'x'.repeat(2000)] }, Buffer.from('b')]) {
      const { bytes } = encode(value);
      const behind = Buffer.concat([Buffer.from('before it'), bytes]);
      expect(codec.decode(ADDRESS, behind, 9)).toMatchObject({ value });
      for (let end = 9; end < Math.min(behind.length, 120); end++)
        expect(() => codec.decode(ADDRESS, behind.subarray(0, end), 9)).toThrow(/cannot be read/);
    }
  });

  it('answers values that later reads do not touch', async () => {
    const codec = new Codec();
    const value = {
      buffer: Buffer.from('abc'),
      bytes: Uint8Array.of(1, 2),
      floats: Float64Array.of(1.5, 2.5),
      raw: Uint8Array.of(7, 8).buffer,
      view: new DataView(Uint8Array.of(9).buffer),
      text: 'é',
    };
    const kept = await there(codec, value);
    await there(codec, { other: Buffer.alloc(90, 0xff), more: 'x'.repeat(100) });
    expect(kept).toStrictEqual(value);
  });

  it('tells a Buffer from a Uint8Array, and answers bytes of their own', async () => {
    const codec = new Codec();
    const { bytes } = encode(Buffer.from('abc'));
    const { value } = await codec.decode(ADDRESS, bytes);
    bytes.fill(0);
    expect(value).toStrictEqual(Buffer.from('abc'));
    expect((value as Buffer).buffer.byteLength).toBe(3);
    const array = await there(codec, Uint8Array.of(1, 2));
    expect(Buffer.isBuffer(array)).toBe(false);
    expect(array).toStrictEqual(Uint8Array.of(1, 2));
    expect(await there(codec, new (class extends Uint8Array {})(1)).catch((error) => error.code)).toBe(
      CacheErrorCode.SERIALIZATION_FAILED,
    );
  });

  it('reads a counter that a script has counted on, and no other change to it', async () => {
    const codec = new Codec();
    const { bytes } = encode(7);
    const counted = (text: string) => Buffer.concat([bytes.subarray(0, -4), Buffer.from(text)]);
    expect(await codec.decode(ADDRESS, counted('=1000=1000'))).toMatchObject({ value: 1000 });
    expect(await codec.decode(ADDRESS, counted('=-9007199254740991=-9007199254740991'))).toMatchObject({
      value: Number.MIN_SAFE_INTEGER,
    });
    for (const text of [
      '',
      '=7',
      '=7=8',
      '=7=7 ',
      '7=7',
      '=7.5=7.5',
      '=NaN=NaN',
      `=${'9'.repeat(16)}=${'9'.repeat(16)}`,
    ]) {
      const read = () => codec.decode(ADDRESS, counted(text));
      expect(refusalOf(read, CacheErrorCode.CORRUPT_ENTRY).details).toMatchObject({ reason: 'payload' });
    }
    expect(() => codec.decode('larder:v:user:2', counted('=8=8'))).toThrow(/another key/);
  });

  it('gives every value to a serializer of the user’s own, and text back as text', async () => {
    const codec = new Codec({ serializer: reversing });
    for (const value of ['text', 42, [1, 'ä'], null]) {
      expect(await there(codec, value)).toStrictEqual(value);
      expect(encode(value, { serializer: reversing }).bytes.toString()).not.toContain('text');
    }
    const read = () => new Codec().decode(ADDRESS, encode('x', { serializer: reversing }).bytes);
    expect(refusalOf(read, CacheErrorCode.CORRUPT_ENTRY).details).toStrictEqual({
      reason: 'serializer',
      foreign: true,
    });
  });

  it('passes on nothing of what a serializer throws', () => {
    const throwing = (): never => {
      throw new Error('hunter2');
    };
    const bad: Serializer = { format: 64, serialize: throwing, deserialize: throwing };
    const writing = refusalOf(() => encode('x', { serializer: bad }));
    const stored = encode('x', { serializer: reversing }).bytes;
    const reading = refusalOf(
      () => new Codec({ serializer: bad }).decode(ADDRESS, stored),
      CacheErrorCode.CORRUPT_ENTRY,
    );
    for (const error of [writing, reading])
      expect(`${error.stack} ${String(error.cause)}`).not.toContain('hunter2');
    const halved = { ...reversing, serialize: () => '\udfff' };
    expect(refusalOf(() => encode('x', { serializer: halved })).message).toContain(
      'half of a surrogate pair',
    );
    const odd = { serialize: () => 1, deserialize: () => 1 } as unknown as Serializer;
    expect(refusalOf(() => encode('x', { serializer: odd })).message).toContain(
      'neither a string nor a Uint8Array',
    );
  });

  it.each([
    ['undefined', undefined],
    ['a promise', Promise.resolve(1)],
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
  ])('refuses %s', (_, value) => {
    refusalOf(() => encode(value), CacheErrorCode.INVALID_VALUE);
  });

  it('refuses what its serializer refuses', () => {
    expect(refusalOf(() => encode({ holed })).message).toContain('value.holed');
    expect(refusalOf(() => encode('\ud800')).message).toContain('surrogate');
    expect(
      refusalOf(() => encode({ d: new Date(0) }, { serializer: new JSONSerializer() })).message,
    ).toContain('value.d');
    expect(encode('\ud800', { serializer: new JSONSerializer() }).bytes.toString()).toContain('"\\ud800"');
  });

  it('refuses values and entries that are too large, before and after compression', async () => {
    const tooLarge = (action: () => unknown) => refusalOf(action, CacheErrorCode.VALUE_TOO_LARGE).details;
    const compression = { algorithm: 'gzip' } as const;
    for (const value of [
      'x'.repeat(1_001),
      'é'.repeat(501),
      Buffer.alloc(1_001),
      { long: 'x'.repeat(999) },
    ]) {
      expect(tooLarge(() => encode(value, { maxValueBytes: 1_000 }))).toMatchObject({ maxValueBytes: 1_000 });
    }
    expect(tooLarge(() => encode('x'.repeat(5_000), { maxValueBytes: 4_999, compression }))).toBeDefined();
    expect(tooLarge(() => encode('x'.repeat(980), { maxEntryBytes: 1_000 }))).toMatchObject({
      maxEntryBytes: 1_000,
    });
    expect(encode('x'.repeat(974), { maxEntryBytes: 1_000 }).bytes.length).toBe(1_000);
    expect(encode('x'.repeat(5_000), { maxEntryBytes: 1_000, compression }).compressed).toBe(true);
  });

  it('refuses to read what is larger than its limits', () => {
    const sizes = { reason: 'size', foreign: false };
    const small = new Codec({ maxValueBytes: 1_000 });
    const read = (bytes: Buffer) => () => small.decode(ADDRESS, bytes);
    const compressed = encode('x'.repeat(5_000), { compression: { algorithm: 'gzip' } }).bytes;
    for (const bytes of [encode('x'.repeat(1_001)).bytes, compressed, Buffer.alloc(70_000)]) {
      expect(refusalOf(read(bytes), CacheErrorCode.CORRUPT_ENTRY).details).toStrictEqual(sizes);
    }
  });

  it.each<[CodecOptions, string]>([
    [{ serialiser: 1 } as CodecOptions, "Did you mean 'serializer'?"],
    [{ serializer: MessagePackSerializer as unknown as Serializer }, 'new JSONSerializer()'],
    [{ serializer: { ...reversing, format: 256 } }, 'serializer.format must be a whole number from 0 to 255'],
    [{ maxValueBytes: -1 }, 'maxValueBytes must be'],
    [{ compression: { algorithm: 'gzip', level: 10 } }, 'compression.level'],
  ])('refuses %j', (options, message) => {
    expect(refusalOf(() => new Codec(options), CacheErrorCode.INVALID_CONFIGURATION).message).toContain(
      message,
    );
  });
});
