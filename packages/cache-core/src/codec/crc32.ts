import * as zlib from 'node:zlib';

type NativeCrc32 = (data: Uint8Array, seed?: number) => number;

/** Absent in runtimes that lack it, and in Node before 20.15. */
const native = (zlib as { readonly crc32?: NativeCrc32 }).crc32;

/** Above this many bytes the native function is faster, although it needs a view of its own. */
const NATIVE_FROM = 160;
const TABLES = 4;

/** Four tables after one another: the n-th advances a byte by n further bytes ("slicing by 4"). Built when first needed. */
let tables: Int32Array | undefined;

/**
 * CRC-32 (ISO 3309, as in gzip and PNG) of `bytes` from `start` up to `end`. A former answer given as `seed` continues
 * it, so that the answer covers both spans.
 */
export function crc32(bytes: Uint8Array, start: number, end: number, seed = 0): number {
  if (native !== undefined && end - start > NATIVE_FROM) return native(bytes.subarray(start, end), seed);
  tables ??= buildTables();
  const table = tables;
  let crc = ~seed;
  let index = start;
  for (; index + TABLES <= end; index += TABLES) {
    crc ^= bytes[index]! | (bytes[index + 1]! << 8) | (bytes[index + 2]! << 16) | (bytes[index + 3]! << 24);
    crc =
      table[768 + (crc & 0xff)]! ^
      table[512 + ((crc >>> 8) & 0xff)]! ^
      table[256 + ((crc >>> 16) & 0xff)]! ^
      table[crc >>> 24]!;
  }
  for (; index < end; index++) crc = (crc >>> 8) ^ table[(crc ^ bytes[index]!) & 0xff]!;
  return ~crc >>> 0;
}

/** {@link crc32} of the UTF-8 bytes of `text`, which are not made as long as it is ASCII. */
export function crc32OfText(text: string): number {
  tables ??= buildTables();
  const table = tables;
  let crc = ~0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit > 0x7f) {
      const bytes = Buffer.from(text, 'utf8');
      return crc32(bytes, 0, bytes.length);
    }
    crc = (crc >>> 8) ^ table[(crc ^ unit) & 0xff]!;
  }
  return ~crc >>> 0;
}

function buildTables(): Int32Array {
  const built = new Int32Array(TABLES * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    built[byte] = crc;
  }
  for (let index = 256; index < built.length; index++) {
    const before = built[index - 256]!;
    built[index] = (before >>> 8) ^ built[before & 0xff]!;
  }
  return built;
}
