import { CacheError, CacheErrorCode } from '@larder/cache-core';
import { describe, expect, it } from 'vitest';
import { inChunks } from './in-chunks.ts';

const numbers = (length: number) => Array.from({ length }, (_, index) => index);

describe('inChunks', () => {
  it('answers in order, in parts of 500', async () => {
    const sizes: number[] = [];
    const answers = await inChunks(numbers(1201), async (chunk) => {
      sizes.push(chunk.length);
      return chunk.map((one) => one * 2);
    });
    expect(answers).toStrictEqual(numbers(1201).map((one) => one * 2));
    expect(sizes).toStrictEqual([500, 500, 201]);
  });

  it('says which have failed where only some have', async () => {
    const refused = new CacheError('x', CacheErrorCode.STORE_FAILED);
    const work = async (chunk: readonly number[], isFirst: boolean) => {
      if (!isFirst && chunk[0] === 500) throw refused;
      return chunk;
    };
    const error = await inChunks(numbers(1100), work).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: CacheErrorCode.BULK_FAILED, cause: refused });
    expect((error as CacheError).details.failed).toStrictEqual(numbers(500).map((one) => one + 500));
  });

  it('throws what all have failed with', async () => {
    const refused = new CacheError('x', CacheErrorCode.STORE_FAILED);
    await expect(inChunks(numbers(600), () => Promise.reject(refused))).rejects.toBe(refused);
  });

  it('makes one call of nothing', async () => {
    expect(await inChunks([], async () => [])).toStrictEqual([]);
  });
});
