import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refusalOf } from '../../test/codec-values.ts';
import { CacheErrorCode } from '../errors/error-code.ts';
import { crc32, crc32OfText } from './crc32.ts';
import type { EntryMeta } from './entry-meta.ts';
import { HEADER_BYTES, openEnvelope, type Payload, PayloadKind, sealEnvelope } from './envelope.ts';

const ADDRESS = 'larder:v:user:1';
const META: EntryMeta = { ttlMs: 60_000, graceMs: 0, loadMs: 12 };
const FULL: EntryMeta = {
  ...META,
  version: 7,
  tags: ['t:users', 't:ä'],
  dependencies: [{ name: 'file:a', version: 'x1' }],
};

function payloadOf(data: string | Uint8Array, changes: Partial<Payload> = {}): Payload {
  const kind = typeof data === 'string' ? PayloadKind.text : PayloadKind.bytes;
  return {
    kind,
    serializer: 2,
    data,
    byteLength: Buffer.byteLength(data),
    algorithm: null,
    rawBytes: 0,
    keyId: '',
    ...changes,
  };
}

const seal = (data: string | Uint8Array, meta = META, address = ADDRESS) =>
  sealEnvelope(address, payloadOf(data), meta);
const reasonOf = (bytes: Buffer, address = ADDRESS) =>
  refusalOf(() => openEnvelope(address, bytes), CacheErrorCode.CORRUPT_ENTRY).details;

/** Changes bytes of a good entry and makes its checksum good again, as a writer of another version would. */
function forged(bytes: Buffer, changes: Readonly<Record<number, number>>): Buffer {
  const copy = Buffer.from(bytes);
  for (const [at, byte] of Object.entries(changes)) copy[Number(at)] = byte;
  copy.writeUInt32BE(crc32(copy, 7, copy.length, crc32OfText(ADDRESS)), 3);
  return copy;
}

describe('envelope', () => {
  it('costs 26 bytes, and ends in the payload as it was given', () => {
    const bytes = seal('{"name":"John"}');
    expect(bytes.length).toBe(HEADER_BYTES + 15);
    expect(bytes.toString('latin1').endsWith('{"name":"John"}')).toBe(true);
  });

  it('brings back everything that was put in', () => {
    const duration = fc.oneof(
      fc.constant(Infinity),
      fc.nat(),
      fc.maxSafeNat().map((ms) => Math.min(ms, 2 ** 48 - 2)),
    );
    const name = fc.string({ unit: 'grapheme', maxLength: 20 });
    const metas: fc.Arbitrary<EntryMeta> = fc.record({
      ttlMs: duration,
      graceMs: duration,
      loadMs: fc.nat(2 ** 31),
      version: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }), { nil: undefined }),
      tags: fc.array(name),
      dependencies: fc.array(fc.record({ name, version: name })),
    });
    fc.assert(
      fc.property(
        name,
        metas,
        fc.oneof(name, fc.uint8Array()),
        fc.nat(255),
        name,
        (key, meta, data, serializer, keyId) => {
          const bytes = sealEnvelope(
            key,
            payloadOf(data, { serializer, keyId, algorithm: 'brotli', rawBytes: 9 }),
            meta,
          );
          const envelope = openEnvelope(key, bytes);
          expect(envelope).toMatchObject({ ...meta, serializer, keyId, algorithm: 'brotli', rawBytes: 9 });
          const payload = bytes.subarray(envelope.payloadStart);
          expect(payload).toStrictEqual(Buffer.from(data as Uint8Array));
          if (envelope.oneByteText) expect(payload.toString('latin1')).toBe(data);
        },
      ),
    );
  });

  it('keeps the longest durations as long as it can say', () => {
    const { ttlMs, graceMs, loadMs } = openEnvelope(
      ADDRESS,
      seal('', { ttlMs: 2 ** 53, graceMs: 0.9, loadMs: 1e12 }),
    );
    expect({ ttlMs, graceMs, loadMs }).toStrictEqual({ ttlMs: 2 ** 48 - 2, graceMs: 0, loadMs: 2 ** 32 - 1 });
  });

  it('is refused under any other address', () => {
    const bytes = seal('value');
    for (const other of [
      '',
      'larder:v:user:2',
      'larder:v:user:11',
      'larder:v:user:',
      'Larder:v:user:1',
      '\0',
    ]) {
      expect(reasonOf(bytes, other)).toStrictEqual({ reason: 'checksum', foreign: false });
    }
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (one, other) => {
        fc.pre(one !== other);
        expect(reasonOf(sealEnvelope(one, payloadOf('x'), META), other)).toMatchObject({
          reason: 'checksum',
        });
      }),
    );
  });

  it.each([
    ['plain', META],
    ['full', FULL],
  ])('refuses every flipped bit and every truncation of a %s one', (_, meta) => {
    const bytes = seal('some payload', meta);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      reasonOf(flipped);
    }
    for (let length = 0; length < bytes.length; length++) reasonOf(bytes.subarray(0, length));
    expect(reasonOf(Buffer.concat([bytes, Uint8Array.of(0)]))).toMatchObject({ reason: 'checksum' });
  });

  it.each<[string, Buffer, string, boolean]>([
    ['nothing', Buffer.alloc(0), 'truncated', false],
    ['one byte of ours', Buffer.from([0xa7]), 'truncated', false],
    ['the magic alone', Buffer.from([0xa7, 0x4c]), 'truncated', false],
    ['one byte of others', Buffer.from('x'), 'magic', false],
    ['text of others', Buffer.from('{"name":"John","and":"so on and so forth"}'), 'magic', false],
    ['format 0', forged(seal('x'), { 2: 0 }), 'format', true],
    ['format 255', forged(seal('x'), { 2: 255 }), 'format', true],
    ['a flag that is not known', forged(seal('x'), { 8: 0x80 }), 'flags', true],
    ['a kind that is not known', forged(seal('x'), { 9: 6 << 3 }), 'flags', true],
    ['an algorithm that is not known', forged(seal('xxxxx'), { 9: 7 }), 'flags', true],
    [
      'extras of length 0',
      forged(seal('xxxxxxxxxx'), { 8: 1, 26: 0, 27: 0, 28: 0, 29: 0 }),
      'truncated',
      false,
    ],
    ['extras of length 2^31', forged(seal('xxxxxxxxxx'), { 8: 1, 26: 0x80 }), 'truncated', false],
    [
      'extras of length -1',
      forged(seal('xxxx'), { 8: 1, 26: 255, 27: 255, 28: 255, 29: 255 }),
      'truncated',
      false,
    ],
    ['more tags than there is room for', forged(seal('', FULL), { 40: 0x27, 41: 0x10 }), 'truncated', false],
    ['1e5 tags, or as many as can be said', forged(seal('', FULL), { 40: 255, 41: 255 }), 'header', false],
    ['a tag that is longer than there is', forged(seal('', FULL), { 42: 255 }), 'truncated', false],
    ['a version that is not a number', forged(seal('', FULL), { 26: 0x7f, 27: 0xf8 }), 'header', false],
  ])('refuses %s', (_, bytes, reason, foreign) => {
    expect(reasonOf(bytes)).toStrictEqual({ reason, foreign });
  });

  it('refuses bytes between the tags and the payload', () => {
    const bytes = seal('x', { ...META, tags: ['a'] });
    expect(reasonOf(forged(bytes, { 29: bytes[29]! + 1 }))).toMatchObject({ reason: 'header' });
  });

  it('survives any bytes', () => {
    const header = Buffer.from([0xa7, 0x4c, 1]);
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 23, maxLength: 90 }), (tail) => {
        const bytes = forged(Buffer.concat([header, tail]), {});
        try {
          openEnvelope(ADDRESS, bytes);
        } catch (error) {
          expect(error).toMatchObject({ code: CacheErrorCode.CORRUPT_ENTRY });
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it.each<[Partial<EntryMeta>, string]>([
    [{ ttlMs: -1 }, 'ttlMs of an entry must be'],
    [{ graceMs: Number.NaN }, 'got NaN'],
    [{ loadMs: -5 }, 'loadMs of an entry must be'],
    [{ version: Infinity }, 'version of an entry must be a finite number'],
    [{ tags: Array.from({ length: 10_001 }, String) }, 'at most 10000 tags; got 10001'],
    [{ tags: ['x'.repeat(65_536)] }, 'A tag can have at most 65535'],
  ])('refuses to be written with %j', (changes, message) => {
    const write = () => seal('x', { ...META, ...changes });
    expect(refusalOf(write, CacheErrorCode.INVALID_CONFIGURATION).message).toContain(message);
  });

  it('takes 10,000 tags', () => {
    const tags = Array.from({ length: 10_000 }, (_, index) => `t:${index}`);
    expect(openEnvelope(ADDRESS, seal('x', { ...META, tags })).tags).toStrictEqual(tags);
  });
});
