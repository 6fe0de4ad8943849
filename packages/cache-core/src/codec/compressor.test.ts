import * as zlib from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refusalOf } from '../../test/codec-values.ts';
import type { CompressionAlgorithm, CompressionOptions } from '../contracts/compressor.ts';
import { CacheErrorCode } from '../errors/error-code.ts';
import * as compression from './compression.ts';
import { Compressor } from './compressor.ts';

const ALGORITHMS = (['gzip', 'deflate', 'brotli', 'zstd'] as const).filter(compression.isAvailable);
const TEXT = JSON.stringify(
  Array.from({ length: 900 }, (_, id) => ({ id, name: `User ${id}`, city: 'Kraków' })),
);
const corrupt = { code: CacheErrorCode.CORRUPT_ENTRY };

function compressSync(algorithm: CompressionAlgorithm, data: Uint8Array): Buffer {
  const functions = zlib as unknown as Record<string, (data: Uint8Array) => Buffer>;
  const name = {
    gzip: 'gzipSync',
    deflate: 'deflateSync',
    brotli: 'brotliCompressSync',
    zstd: 'zstdCompressSync',
  };
  return functions[name[algorithm]]!(data);
}

describe.each(ALGORITHMS)('Compressor with %s', (algorithm) => {
  const compressor = new Compressor({ algorithm });

  it('brings back text and bytes, short and long', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(text, fc.constantFrom(1, 2, 500), async (part, times) => {
        const whole = part.repeat(times);
        expect(await compressor.decompress(await compressor.compress(whole))).toBe(whole);
        const bytes = Buffer.from(whole);
        expect(await compressor.decompressBytes(await compressor.compress(bytes))).toStrictEqual(bytes);
      }),
      { numRuns: 60 },
    );
  });

  it('makes a stream that is smaller and that others can read', async () => {
    const stream = await compressor.compress(TEXT);
    expect(stream.length).toBeLessThan(TEXT.length / 3);
    const read = {
      gzip: 'gunzipSync',
      deflate: 'inflateSync',
      brotli: 'brotliDecompressSync',
      zstd: 'zstdDecompressSync',
    };
    const functions = zlib as unknown as Record<string, (data: Uint8Array) => Buffer>;
    expect(functions[read[algorithm]]!(stream).toString()).toBe(TEXT);
  });

  it('refuses truncated streams, streams with bytes behind them, and what is no stream', async () => {
    const stream = await compressor.compress('some text that is long enough, some text that is long enough');
    for (let length = 0; length < stream.length; length++) {
      await expect(compressor.decompress(stream.subarray(0, length))).rejects.toMatchObject(corrupt);
    }
    await expect(compressor.decompress(Buffer.concat([stream, Uint8Array.of(7)]))).rejects.toMatchObject(
      corrupt,
    );
    await expect(compressor.decompress(Buffer.from('not compressed'))).rejects.toMatchObject(corrupt);
  });

  it('refuses a stream whose text is not UTF-8', async () => {
    const stream = await compressor.compress(Uint8Array.of(0xff, 0xfe));
    await expect(compressor.decompress(stream)).rejects.toMatchObject({
      ...corrupt,
      details: { reason: 'payload' },
    });
  });

  it('refuses a bomb once it has brought 64 MB', { timeout: 60_000 }, async () => {
    const stream = compressSync(algorithm, Buffer.alloc(80 * 2 ** 20));
    await expect(compressor.decompress(stream)).rejects.toMatchObject({
      ...corrupt,
      details: { reason: 'bomb' },
    });
  });

  it('takes each level of its range, and no other', async () => {
    const { min, max } = compression.levelsOf(algorithm);
    for (const level of [min, max]) {
      const levelled = new Compressor({ algorithm, level });
      expect(await levelled.decompress(await levelled.compress(TEXT))).toBe(TEXT);
    }
    for (const level of [min - 1, max + 1, 1.5, Number.NaN, '1']) {
      const make = () => new Compressor({ algorithm, level } as CompressionOptions);
      expect(refusalOf(make, CacheErrorCode.INVALID_CONFIGURATION).message).toContain(
        `from ${min} to ${max}`,
      );
    }
  });
});

describe('Compressor', () => {
  it('compresses from a copy what it compresses in another thread', async () => {
    const compressor = new Compressor({ algorithm: 'gzip' });
    const text = TEXT.repeat(50);
    const bytes = Buffer.from(text);
    const stream = compressor.compress(bytes);
    bytes.fill(0);
    expect((await compressor.decompress(await stream)) === text).toBe(true);
  });

  it('has a threshold and a level by default', () => {
    expect(new Compressor({ algorithm: 'gzip' })).toMatchObject({
      algorithm: 'gzip',
      threshold: 2_048,
      level: 1,
    });
    expect(new Compressor({ algorithm: 'gzip', threshold: '4kb' }).threshold).toBe(4_096);
    expect(new Compressor({ algorithm: 'brotli', threshold: 0, level: 0 })).toMatchObject({
      threshold: 0,
      level: 0,
    });
  });

  it.each([
    [{ algorithm: 'lz4' }, "'gzip', 'deflate', 'brotli' or 'zstd'; got 'lz4'"],
    [{}, 'got undefined'],
    [{ algorithm: 'gzip', treshold: 1 }, "Did you mean 'threshold'?"],
    [{ algorithm: 'gzip', threshold: -1 }, 'compression.threshold must be'],
    [{ algorithm: 'gzip', threshold: Number.NaN }, 'got NaN'],
    [null, 'compression must be an object'],
  ])('refuses %j', (options, message) => {
    const make = () => new Compressor(options as CompressionOptions);
    expect(refusalOf(make, CacheErrorCode.INVALID_CONFIGURATION).message).toContain(message);
  });

  it.skipIf(compression.isAvailable('zstd'))(
    'names the Node that zstd needs, where this one lacks it',
    () => {
      const make = () => new Compressor({ algorithm: 'zstd' });
      expect(refusalOf(make, CacheErrorCode.INVALID_CONFIGURATION).message).toContain('needs Node 22.15');
    },
  );

  it('refuses lone surrogates and more than 64 MB', async () => {
    const compressor = new Compressor({ algorithm: 'gzip' });
    await expect(compressor.compress('\ud800')).rejects.toMatchObject({
      code: CacheErrorCode.SERIALIZATION_FAILED,
    });
    const large = Buffer.allocUnsafe(64 * 2 ** 20 + 1);
    await expect(compressor.compress(large)).rejects.toMatchObject({ code: CacheErrorCode.VALUE_TOO_LARGE });
  });
});
