import type { AsOf } from '@larder/cache-core/store';

/*
 * The part of an entry that the server's scripts read and rewrite. It stands before the envelope, which is the codec's.
 * Numbers are big-endian.
 *
 *  0  magic and format, "LDR1"              16  as of: sequence, u64
 *  4  sum over all below, u32               24  written, microseconds of the server's clock, u64
 *  8  epoch, u48                            32  ttl, ms, u48; FFFFFFFFFFFF = for ever
 * 14  flags, u8                             38  grace, ms, the same
 * 15  revision of a counter, u8             44  version, f64
 *
 * The sum is here because a flipped digit of the sequence would make an invalidated entry valid again, and the envelope's
 * checksum cannot cover what a script rewrites. It runs over words of 32 bits: sum = sum * 1000003 + word, modulo 2^32,
 * which Lua's doubles hold exactly.
 */
export const HEADER_BYTES = 52;
const MOMENT = /^[0-9a-f]{12}:\d{1,16}$/;
const MAGIC_LDR = 0x4c4452;
const FORMAT_1 = 0x31;
const FACTOR = 1_000_003;
/** In a header: a duration without an end. */
export const FOREVER_MS = 2 ** 48 - 1;

export const HeaderFlag = { expired: 1, counter: 2, versioned: 4, tagged: 8 } as const;

/** What the header of an entry says. Serves as the `AsOf` of the entry. */
export interface EntryHeader {
  readonly epoch: number;
  /** The sequence at the moment the work that brought the entry began. */
  readonly seq: number;
  readonly flags: number;
  readonly writtenUs: number;
  /** `Infinity` = for ever. */
  readonly ttlMs: number;
  readonly graceMs: number;
  readonly version: number;
}

/** A moment on the store's own clock; the parsed form of `epoch:seq`. */
export interface Moment {
  readonly epoch: number;
  readonly seq: number;
}

/** Why a header cannot be read. */
export type HeaderFault = 'truncated' | 'magic' | 'format' | 'checksum';

/** Reads a header, or says why it cannot be read. On the path of every hit: plain reads, one object. */
export function readHeader(bytes: Buffer): EntryHeader | HeaderFault {
  if (bytes.length < HEADER_BYTES) return 'truncated';
  const magic = word(bytes, 0);
  if (magic >>> 8 !== MAGIC_LDR) return 'magic';
  if ((magic & 0xff) !== FORMAT_1) return 'format';
  let sum = 0;
  for (let at = 8; at < HEADER_BYTES; at += 4) sum = (Math.imul(sum, FACTOR) + word(bytes, at)) | 0;
  if (sum !== (word(bytes, 4) | 0)) return 'checksum';
  const flags = bytes[14]!;
  return {
    epoch: word(bytes, 8) * 0x10000 + ((bytes[12]! << 8) | bytes[13]!),
    seq: word(bytes, 16) * 0x1_0000_0000 + word(bytes, 20),
    flags,
    writtenUs: word(bytes, 24) * 0x1_0000_0000 + word(bytes, 28),
    ttlMs: duration(bytes, 32),
    graceMs: duration(bytes, 38),
    version: (flags & HeaderFlag.versioned) === 0 ? 0 : bytes.readDoubleBE(44),
  };
}

/** The header that begins these bytes; '' where none does. */
export function headerOf(bytes: Buffer): Buffer | string {
  return typeof readHeader(bytes) === 'string' ? '' : bytes.subarray(0, HEADER_BYTES);
}

/** A duration as it stands in a header. */
export function headerMs(durationMs: number): number {
  return Math.min(durationMs, durationMs === Infinity ? FOREVER_MS : FOREVER_MS - 1);
}

/** `epoch:seq`, as stamps and leases have it; null where it is not that. */
export function parseMoment(text: string): Moment | null {
  if (!MOMENT.test(text)) return null;
  const seq = Number(text.slice(13));
  return Number.isSafeInteger(seq) ? { epoch: Number.parseInt(text.slice(0, 12), 16), seq } : null;
}

/** Whether work that began at `asOf` saw a stamp as it is now. */
export function isAsOf(asOf: Moment, stamp: Moment): boolean {
  return asOf.epoch === stamp.epoch && asOf.seq >= stamp.seq;
}

export function toAsOf(moment: Moment): AsOf {
  return moment as unknown as AsOf;
}

function word(bytes: Buffer, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

function duration(bytes: Buffer, at: number): number {
  const ms = ((bytes[at]! << 8) | bytes[at + 1]!) * 0x1_0000_0000 + word(bytes, at + 2);
  return ms === FOREVER_MS ? Infinity : ms;
}
