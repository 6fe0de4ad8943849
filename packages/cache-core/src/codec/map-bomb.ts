/** The most maps in one MessagePack value: two hundred bytes of memory each, for a single byte. */
export const MAX_MAPS = 1_000_000;

/** Bytes of the numbers after 0xc4 … 0xdf that have a fixed size; 0 for those with a length of their own. */
const FIXED: readonly number[] = [
  0, 0, 0, 0, 0, 0, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 2, 3, 5, 9, 17, 0, 0, 0, 2, 4, 2, 4,
];

/**
 * Whether MessagePack bytes hold more than {@link MAX_MAPS} maps. In MessagePack the header of a container is followed by
 * its members, so that one walk over all headers, without recursion, sees them all. Bytes that are no MessagePack get
 * any answer. Costs nothing up to a megabyte, where there is no room for so many.
 */
export function hasTooManyMaps(bytes: Uint8Array): boolean {
  if (bytes.length <= MAX_MAPS) return false;
  let maps = 0;
  let at = 0;
  while (at < bytes.length) {
    const token = bytes[at]!;
    at++;
    if (token < 0x80 || token >= 0xe0) continue;
    if (token < 0x90 || token >= 0xde) {
      if (++maps > MAX_MAPS) return true;
      if (token >= 0xde) at += FIXED[token - 0xc4]!;
    } else if (token >= 0xa0 && token < 0xc0) {
      at += token - 0xa0;
    } else if (token >= 0xc4) {
      // A structure with an id of two bytes, which msgpackr writes only if asked to: its uses cannot be told from numbers.
      if (token === 0xd5 && bytes[at] === 0x72) return true;
      at +=
        token <= 0xc9 || (token >= 0xd9 && token <= 0xdb)
          ? lengthAfter(bytes, at, token)
          : FIXED[token - 0xc4]!;
    }
  }
  return false;
}

/** Bytes of a text, a binary or an extension, its length and type included. */
function lengthAfter(bytes: Uint8Array, at: number, token: number): number {
  const size = [1, 2, 4][(token - (token >= 0xd9 ? 0xd9 : 0xc4)) % 3]!;
  let length = 0;
  for (let index = 0; index < size; index++) length = length * 256 + (bytes[at + index] ?? 0);
  const isExtension = token >= 0xc7 && token <= 0xc9;
  return size + length + (isExtension ? 1 : 0);
}
