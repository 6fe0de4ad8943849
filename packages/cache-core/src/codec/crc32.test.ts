import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32, crc32OfText } from './crc32.ts';

const CHECK = Buffer.from('123456789');

/** Bit by bit, as the standard has it. */
function reference(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

describe('crc32', () => {
  it('gives the check value of the standard', () => {
    expect(crc32(CHECK, 0, 9)).toBe(0xcbf43926);
    expect(crc32OfText('123456789')).toBe(0xcbf43926);
  });

  it('gives what the definition gives, whatever the length and the span', () => {
    const spans = fc.tuple(fc.uint8Array({ maxLength: 900 }), fc.nat(900), fc.nat(900));
    fc.assert(
      fc.property(spans, ([bytes, from, to]) => {
        const start = Math.min(from, to, bytes.length);
        const end = Math.min(Math.max(from, to), bytes.length);
        expect(crc32(bytes, start, end)).toBe(reference(bytes.subarray(start, end)));
      }),
    );
  });

  it('continues a former answer', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 300 }), (first, second) => {
        const whole = Buffer.concat([first, second]);
        const seed = crc32(first, 0, first.length);
        expect(crc32(second, 0, second.length, seed)).toBe(crc32(whole, 0, whole.length));
      }),
    );
  });

  it('takes the UTF-8 bytes of text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(crc32OfText(text)).toBe(reference(Buffer.from(text)));
      }),
    );
  });
});
