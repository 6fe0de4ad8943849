import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  FOREVER_MS,
  HEADER_BYTES,
  HeaderFlag,
  headerMs,
  isAsOf,
  parseMoment,
  readHeader,
} from './entry-header.ts';

interface Fields {
  readonly epoch: number;
  readonly flags: number;
  readonly seq: number;
  readonly writtenUs: number;
  readonly ttlMs: number;
  readonly graceMs: number;
  readonly version: number;
}

/** As the scripts write it; `test/scripts.live.test.ts` compares the two. */
function seal({ epoch, flags, seq, writtenUs, ttlMs, graceMs, version }: Fields): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes.write('LDR1', 'latin1');
  bytes.writeUIntBE(epoch, 8, 6);
  bytes[14] = flags;
  bytes.writeBigUInt64BE(BigInt(seq), 16);
  bytes.writeBigUInt64BE(BigInt(writtenUs), 24);
  bytes.writeUIntBE(headerMs(ttlMs), 32, 6);
  bytes.writeUIntBE(headerMs(graceMs), 38, 6);
  bytes.writeDoubleBE(version, 44);
  let sum = 0n;
  for (let at = 8; at < HEADER_BYTES; at += 4)
    sum = (sum * 1_000_003n + BigInt(bytes.readUInt32BE(at))) % 2n ** 32n;
  bytes.writeUInt32BE(Number(sum), 4);
  return bytes;
}

const duration = fc.oneof(fc.integer({ min: 0, max: FOREVER_MS - 1 }), fc.constant(Infinity));
const fields = fc.record({
  epoch: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
  flags: fc.integer({ min: 0, max: 15 }),
  seq: fc.maxSafeInteger().map(Math.abs),
  writtenUs: fc.maxSafeInteger().map(Math.abs),
  ttlMs: duration,
  graceMs: duration,
  version: fc.maxSafeInteger(),
});

describe('readHeader', () => {
  it('reads what the scripts write', () => {
    fc.assert(
      fc.property(fields, fc.uint8Array(), (written, rest) => {
        const version = (written.flags & HeaderFlag.versioned) === 0 ? 0 : written.version;
        expect(readHeader(Buffer.concat([seal(written), rest]))).toStrictEqual({ ...written, version });
      }),
    );
  });

  it('refuses every header in which one bit is wrong, and every part of one (P14)', () => {
    fc.assert(
      fc.property(fields, fc.integer({ min: 0, max: HEADER_BYTES * 8 - 1 }), (written, bit) => {
        const bytes = seal(written);
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        expect(readHeader(bytes)).toBeTypeOf('string');
        expect(readHeader(seal(written).subarray(0, bit >> 3))).toBe('truncated');
      }),
    );
  });

  it('tells another format from other bytes', () => {
    const bytes = seal({ epoch: 1, flags: 0, seq: 1, writtenUs: 1, ttlMs: 1, graceMs: 0, version: 0 });
    bytes[3] = 0x32;
    expect(readHeader(bytes)).toBe('format');
    expect(readHeader(Buffer.alloc(80))).toBe('magic');
  });
});

describe('parseMoment', () => {
  it('reads epoch and sequence', () => {
    expect(parseMoment('0000000000ff:1763742000123456')).toStrictEqual({ epoch: 255, seq: 1763742000123456 });
  });

  it.each([
    '',
    ':',
    'ff:1',
    '0000000000ff:',
    '0000000000ff:x',
    'zzzzzzzzzzzz:1',
    '0000000000ff:99999999999999999',
  ])('takes %j for nothing', (text) => {
    expect(parseMoment(text)).toBeNull();
  });

  it('is current where nothing has moved since, in the same incarnation (P7, S9)', () => {
    const asOf = { epoch: 1, seq: 10 };
    expect(isAsOf(asOf, { epoch: 1, seq: 10 })).toBe(true);
    expect(isAsOf(asOf, { epoch: 1, seq: 11 })).toBe(false);
    expect(isAsOf(asOf, { epoch: 2, seq: 1 })).toBe(false);
  });
});
