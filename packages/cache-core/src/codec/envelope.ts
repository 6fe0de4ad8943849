import type { CompressionAlgorithm } from '../contracts/compressor.ts';
import { CacheError } from '../errors/cache-error.ts';
import { CacheErrorCode } from '../errors/error-code.ts';
import { corruptEntry } from './corrupt-entry.ts';
import { crc32, crc32OfText } from './crc32.ts';
import type { DependencyVersion, EntryMeta } from './entry-meta.ts';
import { extrasLength, NO_DEPENDENCIES, NO_NAMES, readExtras, writeExtras } from './envelope-extras.ts';

/*
 * Format 1. All numbers are big-endian; the payload comes last, as the serializer made it.
 *
 *  0  magic A7 4C                         22  load, ms, u32
 *  2  format 1                            26  if compressed: payload's length before, u32
 *  3  CRC-32 of address, then all below       if VERSION: version, f64
 *  7  serializer's format                     if EXTRAS: key id, tags, dependencies
 *  8  flags, u16                              payload, to the end
 * 10  ttl, ms, u48; FFFFFFFFFFFF = for ever
 * 16  grace, ms, the same
 *
 * Of a counter the checksum covers everything but the payload, `=<digits>=<the same digits>`, so that a store can count
 * in one step of its own; the repetition is its checksum.
 */
const MAGIC_0 = 0xa7;
const MAGIC_1 = 0x4c;
const FORMAT = 1;
const CHECKSUM_AT = 3;
const CHECKED_FROM = 7;
export const HEADER_BYTES = 26;

const ALGORITHM_BITS = 0x0007;
const KIND_SHIFT = 3;
const KIND_BITS = 0x0038;
const ONE_BYTE_TEXT = 0x0040;
const VERSION = 0x0080;
const EXTRAS = 0x0100;
const KNOWN_FLAGS = 0x01ff;

const FOREVER = 2 ** 48 - 1;
const MAX_LOAD_MS = 2 ** 32 - 1;

const ALGORITHMS: readonly (CompressionAlgorithm | null)[] = [null, 'gzip', 'deflate', 'brotli', 'zstd'];

/** What a payload is. `bytes` and `text` go through the serializer; the others are values that need none. */
export const PayloadKind = { bytes: 0, text: 1, string: 2, buffer: 3, uint8Array: 4, counter: 5 } as const;
export type PayloadKind = (typeof PayloadKind)[keyof typeof PayloadKind];

/** What goes into an envelope beside the {@link EntryMeta}. */
export interface Payload {
  readonly kind: PayloadKind;
  /** Format of the serializer that made it; 0 where none did. */
  readonly serializer: number;
  readonly data: string | Uint8Array;
  /** Length of `data` in UTF-8 bytes. */
  readonly byteLength: number;
  readonly algorithm: CompressionAlgorithm | null;
  /** Its length before it was compressed; 0 where it was not. */
  readonly rawBytes: number;
  /** Which key of a ring it is encrypted with; '' where it is not. */
  readonly keyId: string;
}

/** What an envelope says about its payload. */
export interface Envelope extends EntryMeta {
  readonly kind: PayloadKind;
  readonly serializer: number;
  readonly algorithm: CompressionAlgorithm | null;
  readonly rawBytes: number;
  /** Text in which each character is one byte. */
  readonly oneByteText: boolean;
  /** Which key of a ring it is encrypted with; '' where it is not. */
  readonly keyId: string;
  readonly payloadStart: number;
  readonly tags: readonly string[];
  readonly dependencies: readonly DependencyVersion[];
}

/**
 * Puts a payload into an envelope that can be opened under the same address only. One allocation.
 * @throws CacheError `INVALID_CONFIGURATION` for a duration or version that cannot be, or too many or too long names
 */
export function sealEnvelope(address: string, payload: Payload, meta: EntryMeta): Buffer {
  const extras = extrasLength(meta, payload.keyId);
  const compressed = payload.algorithm !== null;
  const versioned = meta.version !== undefined;
  const payloadStart = HEADER_BYTES + (compressed ? 4 : 0) + (versioned ? 8 : 0) + extras;
  const target = Buffer.allocUnsafe(payloadStart + payload.byteLength);
  const oneByteText = typeof payload.data === 'string' && payload.data.length === payload.byteLength;
  const flags =
    (compressed ? ALGORITHMS.indexOf(payload.algorithm) : 0) |
    (payload.kind << KIND_SHIFT) |
    (oneByteText ? ONE_BYTE_TEXT : 0) |
    (versioned ? VERSION : 0) |
    (extras > 0 ? EXTRAS : 0);
  target[0] = MAGIC_0;
  target[1] = MAGIC_1;
  target[2] = FORMAT;
  target[7] = payload.serializer;
  target[8] = flags >>> 8;
  target[9] = flags;
  writeDuration(target, 10, meta.ttlMs, 'ttlMs');
  writeDuration(target, 16, meta.graceMs, 'graceMs');
  writeUint32(target, 22, loadTime(meta.loadMs));
  let at = HEADER_BYTES;
  if (compressed) at = target.writeUInt32BE(payload.rawBytes, at);
  if (meta.version !== undefined) at = target.writeDoubleBE(checkedVersion(meta.version), at);
  if (extras > 0) writeExtras(target, at, extras, meta, payload.keyId);
  if (typeof payload.data !== 'string') target.set(payload.data, payloadStart);
  else target.write(payload.data, payloadStart, oneByteText ? 'latin1' : 'utf8');
  writeUint32(target, CHECKSUM_AT, checksum(address, target, payload.kind, 0, payloadStart));
  return target;
}

/**
 * Reads and checks everything but the payload. Nothing is allocated by a length that has not been compared with what
 * is there.
 * @param start where in `bytes` it begins
 * @throws CacheError `CORRUPT_ENTRY` with `details.reason`
 */
export function openEnvelope(address: string, bytes: Buffer, start = 0): Envelope {
  // Hot path of each hit in the shared store: plain byte reads, one object.
  if (bytes.length - start < HEADER_BYTES) throw tooShort(bytes, start);
  if (bytes[start] !== MAGIC_0 || bytes[start + 1] !== MAGIC_1)
    throw corruptEntry('magic', 'they are not an entry');
  if (bytes[start + 2] !== FORMAT)
    throw corruptEntry('format', `their format is ${bytes[start + 2]}, this version reads ${FORMAT}`);
  const flags = (bytes[start + 8]! << 8) | bytes[start + 9]!;
  const kind = (flags & KIND_BITS) >>> KIND_SHIFT;
  const algorithm = ALGORITHMS[flags & ALGORITHM_BITS];
  const compressed = (flags & ALGORITHM_BITS) !== 0;
  const versionAt = start + HEADER_BYTES + (compressed ? 4 : 0);
  const extrasAt = versionAt + ((flags & VERSION) === 0 ? 0 : 8);
  const hasExtras = (flags & EXTRAS) !== 0;
  if (extrasAt + (hasExtras ? 4 : 0) > bytes.length)
    throw corruptEntry('truncated', 'they end within the header');
  const payloadStart = extrasAt + (hasExtras ? readUint32(bytes, extrasAt) : 0);
  if (payloadStart > bytes.length) throw corruptEntry('truncated', 'they end within the header');
  if (checksum(address, bytes, kind, start, payloadStart) !== readUint32(bytes, start + CHECKSUM_AT)) {
    throw corruptEntry('checksum', 'they are damaged, or belong to another key');
  }
  // From here on the bytes are what was written: what is not known was written by another version.
  const unknownKind = kind > PayloadKind.counter || (kind === PayloadKind.counter && compressed);
  if ((flags & ~KNOWN_FLAGS) !== 0 || algorithm === undefined || unknownKind) {
    throw corruptEntry('flags', 'they use a feature that this version lacks');
  }
  const extras = hasExtras ? readExtras(bytes, extrasAt, payloadStart) : undefined;
  const version = (flags & VERSION) === 0 ? undefined : bytes.readDoubleBE(versionAt);
  if (version !== undefined && !Number.isFinite(version))
    throw corruptEntry('header', 'their version is not a number');
  return {
    kind: kind as PayloadKind,
    serializer: bytes[start + 7]!,
    algorithm,
    rawBytes: compressed ? readUint32(bytes, start + HEADER_BYTES) : 0,
    oneByteText: (flags & ONE_BYTE_TEXT) !== 0,
    keyId: extras === undefined ? '' : extras.keyId,
    payloadStart,
    ttlMs: readDuration(bytes, start + 10),
    graceMs: readDuration(bytes, start + 16),
    loadMs: readUint32(bytes, start + 22),
    version,
    tags: extras === undefined ? NO_NAMES : extras.tags,
    dependencies: extras === undefined ? NO_DEPENDENCIES : extras.dependencies,
  };
}

function checksum(address: string, bytes: Buffer, kind: number, start: number, payloadStart: number): number {
  const end = kind === PayloadKind.counter ? payloadStart : bytes.length;
  return crc32(bytes, start + CHECKED_FROM, end, crc32OfText(address));
}

function tooShort(bytes: Buffer, start: number): CacheError {
  const length = bytes.length - start;
  const ours = (length < 1 || bytes[start] === MAGIC_0) && (length < 2 || bytes[start + 1] === MAGIC_1);
  return ours
    ? corruptEntry('truncated', 'they end within the header')
    : corruptEntry('magic', 'they are not an entry');
}

function writeDuration(target: Buffer, at: number, durationMs: number, what: string): void {
  if (!(durationMs >= 0))
    throw invalidNumber(what, 'a number of milliseconds from 0 up, or Infinity', durationMs);
  const written = durationMs === Infinity ? FOREVER : Math.min(Math.floor(durationMs), FOREVER - 1);
  const high = Math.floor(written / 2 ** 32);
  target[at] = high >>> 8;
  target[at + 1] = high;
  writeUint32(target, at + 2, written % 2 ** 32);
}

function readDuration(bytes: Buffer, at: number): number {
  const durationMs = ((bytes[at]! << 8) | bytes[at + 1]!) * 2 ** 32 + readUint32(bytes, at + 2);
  return durationMs === FOREVER ? Infinity : durationMs;
}

function writeUint32(target: Buffer, at: number, value: number): void {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
}

function readUint32(bytes: Buffer, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

function loadTime(loadMs: number): number {
  if (!(loadMs >= 0)) throw invalidNumber('loadMs', 'a number of milliseconds from 0 up', loadMs);
  return Math.min(Math.ceil(loadMs), MAX_LOAD_MS);
}

function checkedVersion(version: number): number {
  if (Number.isFinite(version)) return version;
  throw invalidNumber('version', 'a finite number', version);
}

function invalidNumber(what: string, expected: string, value: number): CacheError {
  return new CacheError(
    `${what} of an entry must be ${expected}; got ${String(value)}.`,
    CacheErrorCode.INVALID_CONFIGURATION,
    { details: { option: what } },
  );
}
