import * as zlib from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Codec, type CodecOptions } from '../src/codec/codec.ts';
import { isAvailable } from '../src/codec/compression.ts';
import { type Payload, PayloadKind, sealEnvelope } from '../src/codec/envelope.ts';
import type { CompressionAlgorithm } from '../src/contracts/compressor.ts';
import { isCacheError } from '../src/errors/cache-error.ts';
import { CacheErrorCode } from '../src/errors/error-code.ts';

// "Hostile input: stored bytes" of the promises: whatever a store answers, a reader sees a miss.

const ADDRESS = 'larder:v:user:1';
const META = { ttlMs: 60_000, graceMs: 1_000, loadMs: 5 };
const MEGABYTE = 2 ** 20;
const MAX_VALUE_BYTES = 8 * MEGABYTE;
const ALGORITHMS = (['gzip', 'deflate', 'brotli', 'zstd'] as const).filter(isAvailable);
const codec = new Codec({ maxValueBytes: MAX_VALUE_BYTES });

/** What an attacker could write who knows the format: a good checksum around anything. */
function forged(data: string | Uint8Array, changes: Partial<Payload> = {}): Buffer {
  const kind = typeof data === 'string' ? PayloadKind.text : PayloadKind.bytes;
  const serializer = typeof data === 'string' ? 1 : 2;
  const payload = {
    kind,
    serializer,
    data,
    byteLength: Buffer.byteLength(data),
    algorithm: null,
    rawBytes: 0,
    keyId: '',
  };
  return sealEnvelope(ADDRESS, { ...payload, ...changes }, META);
}

/** The reason that the bytes are refused for, or 'read'. Anything but a refusal fails. */
async function outcome(bytes: Uint8Array, address = ADDRESS): Promise<unknown> {
  try {
    await codec.decode(address, bytes);
    return 'read';
  } catch (error) {
    if (!isCacheError(error, CacheErrorCode.CORRUPT_ENTRY)) throw error;
    return error.details.reason;
  }
}

function zeros(algorithm: CompressionAlgorithm, bytes: number): Buffer {
  const data = Buffer.alloc(bytes);
  switch (algorithm) {
    case 'gzip':
      return zlib.gzipSync(data);
    case 'deflate':
      return zlib.deflateSync(data);
    case 'brotli':
      return zlib.brotliCompressSync(data, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 5 } });
    case 'zstd':
      return (zlib as unknown as { zstdCompressSync(data: Buffer): Buffer }).zstdCompressSync(data);
  }
}

describe('stored bytes', () => {
  it.each<[string, CodecOptions, unknown]>([
    ['text', {}, 'short text'],
    ['a counter', {}, 42],
    ['MessagePack', {}, { id: 1, at: new Date(0) }],
    ['gzip', { compression: { algorithm: 'gzip', threshold: 0 } }, { list: 'x'.repeat(80) }],
    ['brotli', { compression: { algorithm: 'brotli', threshold: 0 } }, { list: 'x'.repeat(80) }],
  ])('are refused with any bit flipped, and cut anywhere: %s', async (_, options, value) => {
    const { bytes } = await new Codec(options).encode(ADDRESS, value, {
      ...META,
      tags: ['t:users'],
      version: 3,
    });
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expect(await outcome(flipped)).not.toBe('read');
    }
    for (let length = 0; length < bytes.length; length++) {
      expect(await outcome(bytes.subarray(0, length))).not.toBe('read');
    }
    expect(await outcome(Buffer.concat([bytes, Uint8Array.of(0)]))).not.toBe('read');
    expect(await outcome(bytes, `${ADDRESS}0`)).toBe('checksum');
    expect(await outcome(bytes)).toBe('read');
  });

  it.each(ALGORITHMS)(
    'that unpack to a gigabyte are refused in little memory: %s',
    { timeout: 60_000 },
    async (algorithm) => {
      const stream = zeros(algorithm, 1024 * MEGABYTE);
      for (const rawBytes of [1, MEGABYTE, MAX_VALUE_BYTES, MAX_VALUE_BYTES + 1, 2 ** 32 - 1]) {
        const bytes = forged(stream, { algorithm, rawBytes });
        const before = process.memoryUsage();
        expect(['bomb', 'size']).toContain(await outcome(bytes));
        const after = process.memoryUsage();
        const grown = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers;
        expect(grown).toBeLessThan(2 * MAX_VALUE_BYTES + MEGABYTE);
      }
    },
  );

  it('that would unpack to more than a thousand times their size are refused, however little that is', async () => {
    const stream = zeros('brotli', 4 * MEGABYTE);
    expect(stream.length).toBeLessThan(4_000);
    expect(await outcome(forged(stream, { algorithm: 'brotli', rawBytes: 4 * MEGABYTE }))).toBe('bomb');
  });

  it.each(ALGORITHMS)('whose stream is not what they say are refused: %s', async (algorithm) => {
    const stream = zeros(algorithm, 5_000);
    const refused = async (data: Buffer, rawBytes: number) =>
      expect(['stream', 'bomb']).toContain(await outcome(forged(data, { algorithm, rawBytes })));
    await refused(stream, 4_999);
    await refused(stream, 5_001);
    await refused(Buffer.concat([stream, Uint8Array.of(1)]), 5_000);
    await refused(Buffer.concat([stream, stream]), 5_000);
    await refused(stream.subarray(0, -1), 5_000);
    await refused(Buffer.alloc(0), 0);
    await refused(zlib.gzipSync(zeros(algorithm, 5_000)), 5_000);
    // Large enough for another thread.
    await refused(zeros(algorithm, 100_000).subarray(0, -1), 100_000);
  });

  it('with zstd streams that want a dictionary, or a window of gigabytes, are refused', async () => {
    const magic = [0x28, 0xb5, 0x2f, 0xfd];
    for (const frame of [
      [...magic, 0x01, 0x58, 7, 0, 0],
      [...magic, 0x00, 0xa8, 1, 0, 0],
    ]) {
      expect(['stream', 'compression']).toContain(
        await outcome(forged(Buffer.from(frame), { algorithm: 'zstd', rawBytes: 9 })),
      );
    }
  });

  it.each<[string, string, string]>([
    ['depth of a million', '['.repeat(1e6) + ']'.repeat(1e6), 'payload'],
    ['depth of 100,000 in objects', `${'{"a":'.repeat(1e5)}1${'}'.repeat(1e5)}`, 'payload'],
    ['a number of a million digits', `[${'9'.repeat(1e6)}]`, 'read'],
    ['the same key twice', '{"a":1,"a":2}', 'read'],
    ['__proto__ at each level', '{"__proto__":{"polluted":1,"__proto__":{"polluted":2}}}', 'read'],
    ['half of a surrogate pair', '"\\ud800"', 'read'],
    ['a NUL', '{"a":"\0"}', 'payload'],
    ['nothing', '', 'payload'],
  ])('that are JSON with %s do no harm', async (_, text, expected) => {
    expect(await outcome(forged(text))).toBe(expected);
    expect('polluted' in {}).toBe(false);
  });

  it('that are JSON in no UTF-8 do no harm', async () => {
    const bytes = Buffer.from([0x22, 0xff, 0xc0, 0x22]);
    expect(await outcome(forged(bytes, { kind: PayloadKind.text, serializer: 1 }))).toBe('read');
    expect(await outcome(forged(bytes, { kind: PayloadKind.bytes, serializer: 1 }))).toBe('payload');
  });

  it.each<[string, number[]]>([
    ['depth of a million', new Array(1e6).fill(0x91)],
    ['an array of 2^32 - 1', [0xdd, 0xff, 0xff, 0xff, 0xff]],
    ['a map of 2^32 - 1', [0xdf, 0xff, 0xff, 0xff, 0xff]],
    ['text of 2^31', [0xdb, 0x80, 0, 0, 0, 1]],
    ['a typed array that is none', [0xc7, 2, 0x74, 99, 1]],
    ['a typed array of half an element', [0xc7, 4, 0x74, 8, 1, 2, 3]],
    ['an unknown extension', [0xd4, 0x33, 1]],
    ['a reference to nothing', [0xd6, 0x70, 0, 0, 0, 9]],
    ['a structure without names', [0xd4, 0x72, 0x40, 1]],
    ['bytes behind it', [0x01, 0x01]],
    ['nothing', []],
  ])('that are MessagePack with %s are refused', async (_, bytes) => {
    expect(await outcome(forged(Uint8Array.from(bytes)))).toBe('payload');
  });

  it('that are MessagePack with dangerous names do no harm', async () => {
    const text = (name: string) => [0xa0 | name.length, ...Buffer.from(name)];
    for (const name of ['__proto__', 'constructor', 'prototype']) {
      const record = [0xd4, 0x72, 0x40, 0x91, ...text(name), 0xd4, 0x72, 0x41, 0x91, ...text('polluted'), 1];
      const error = [0xd4, 0x65, 0, 0x93, ...text(name), ...text('x'), 0xc0];
      await outcome(forged(Uint8Array.from(record)));
      await outcome(forged(Uint8Array.from(error)));
      expect('polluted' in {}).toBe(false);
    }
  });

  it.each<[string, number[]]>([
    ['empty maps', [0x80]],
    ['sets of empty maps', [0xd4, 0x73, 0, 0x91, 0x80]],
    ['long headers of empty maps', [0xde, 0, 0]],
  ])('that are MessagePack with millions of %s take little memory', async (_, unit) => {
    const count = Math.floor(MAX_VALUE_BYTES / unit.length) - 8;
    const bytes = Buffer.concat([
      Buffer.from([0xdd, 0, 0, 0, 0]),
      Buffer.alloc(count * unit.length, Uint8Array.from(unit)),
    ]);
    bytes.writeUInt32BE(count, 1);
    const before = process.memoryUsage().heapUsed;
    expect(await outcome(forged(bytes))).toBe('payload');
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(2 * MAX_VALUE_BYTES);
  });

  it('that are MessagePack with maps behind what looks like a long text take little memory', async () => {
    const count = 4_000_000;
    const twoByteIds = [0xd5, 0x72, 0x60, 0, 0x90, 0xd5, 0x72, 0x60, 0xdb, 0x91, 0xa1, 0x61, 1];
    const header = Buffer.from([0x93, ...twoByteIds, 0x60, 0xdb, 0xdd, 0, 0, 0, 0]);
    header.writeUInt32BE(count, header.length - 4);
    const before = process.memoryUsage().heapUsed;
    expect(await outcome(forged(Buffer.concat([header, Buffer.alloc(count, 0x80)])))).toBe('payload');
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(2 * MAX_VALUE_BYTES);
  });

  it('that belong to no serializer here, or are encrypted, are refused as foreign', async () => {
    for (const changes of [{ serializer: 99 }, { keyId: 'k1' }]) {
      await expect(async () => codec.decode(ADDRESS, forged('x', changes))).rejects.toMatchObject({
        code: CacheErrorCode.CORRUPT_ENTRY,
        details: { foreign: true },
      });
    }
  });

  it('at random do no harm, whether the checksum is good or not', async () => {
    const kinds = fc.constantFrom(...Object.values(PayloadKind));
    const algorithms = fc.constantFrom(null, ...ALGORITHMS);
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 120 }),
        kinds,
        algorithms,
        fc.nat(3),
        fc.nat(20_000),
        async (data, kind, algorithm, serializer, rawBytes) => {
          await outcome(data);
          await outcome(forged(data, { kind, algorithm, serializer, rawBytes }));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('of 64 MB are refused before they are looked at', async () => {
    expect(await outcome(Buffer.alloc(64 * MEGABYTE, 0xa7))).toBe('size');
  });
});
