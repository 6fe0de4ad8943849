const MAGIC = [0x28, 0xb5, 0x2f, 0xfd];
const DICTIONARY_ID_BYTES = [0, 1, 2, 4];
const CONTENT_SIZE_BYTES = [0, 2, 4, 8];
const RLE_BLOCK = 1;
const RESERVED_BLOCK = 3;

/**
 * Whether `data` is exactly one zstd frame that needs no dictionary (RFC 8878), going by its headers alone. Node 22 takes
 * a frame that is cut short for a whole one, and answers what it has.
 */
export function isOneZstdFrame(data: Uint8Array): boolean {
  if (MAGIC.some((byte, index) => data[index] !== byte)) return false;
  const descriptor = data[4] ?? 0xff;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  if (DICTIONARY_ID_BYTES[descriptor & 3] !== 0) return false;
  const contentSizeBytes = CONTENT_SIZE_BYTES[descriptor >> 6]!;
  // A window descriptor, or a content size of one byte where none is announced.
  let at = MAGIC.length + 1 + contentSizeBytes + (isSingleSegment && contentSizeBytes > 0 ? 0 : 1);
  for (;;) {
    if (at + 3 > data.length) return false;
    const header = data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16);
    const type = (header >> 1) & 3;
    if (type === RESERVED_BLOCK) return false;
    at += 3 + (type === RLE_BLOCK ? 1 : header >> 3);
    if ((header & 1) !== 0) break;
  }
  const hasChecksum = (descriptor & 4) !== 0;
  return at + (hasChecksum ? 4 : 0) === data.length;
}
