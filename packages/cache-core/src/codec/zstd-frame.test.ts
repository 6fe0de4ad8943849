import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compressBytes, isAvailable } from './compression.ts';
import { isOneZstdFrame } from './zstd-frame.ts';

describe('isOneZstdFrame', () => {
  it.each<[string, string, boolean]>([
    ['an empty frame', '28b52ffd2000010000', true],
    ['a raw block of three bytes', '28b52ffd2003190000616263', true],
    ['a last block of a repeated byte, with a window', '28b52ffd00580b010061', true],
    ['a block of a repeated byte that is not the last', '28b52ffd00580a010061', false],
    ['two blocks', '28b52ffd2004' + '080000' + '61' + '190000' + '626364', true],
    ['a frame with a checksum', '28b52ffd2400' + '010000' + '99e9d851', true],
    ['a frame without its checksum', '28b52ffd2400' + '010000', false],
    ['a block of a reserved type', '28b52ffd2000' + '070000', false],
    ['a dictionary', '28b52ffd210500' + '010000', false],
    ['another magic', '29b52ffd2000010000', false],
    ['nothing', '', false],
  ])('%s', (_, hex, whole) => {
    expect(isOneZstdFrame(Buffer.from(hex, 'hex'))).toBe(whole);
  });

  it.skipIf(!isAvailable('zstd'))('knows what Node writes, and no part or double of it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), fc.constantFrom(1, 3, 900), async (part, times) => {
        const data = Buffer.concat(new Array(times).fill(part));
        const frame = await compressBytes('zstd', 1, data);
        expect(isOneZstdFrame(frame)).toBe(true);
        for (let length = 0; length < Math.min(frame.length, 300); length++) {
          expect(isOneZstdFrame(frame.subarray(0, length))).toBe(false);
        }
        expect(isOneZstdFrame(frame.subarray(0, -1))).toBe(false);
        expect(isOneZstdFrame(Buffer.concat([frame, frame]))).toBe(false);
      }),
    );
  });
});
