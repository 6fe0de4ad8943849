/** Bytes that an entry costs beside its key and value: the slots of the map, its TTL and its place in the order. */
const OVERHEAD_BYTES = 80;
/** Values walked exactly before sampling begins, and how many go by between two samples afterwards. */
const WARM_UP = 32;
const SAMPLE_EVERY = 16;
/** The most members a sample looks at; what lies beyond is extrapolated. */
const MAX_VISITED = 256;
/** How fast the running mean follows: a sixteenth of each new sample. */
const MEAN_SHARE = 1 / 16;

/**
 * Estimates how many bytes entries take. Strings, numbers and binary data have known lengths; objects are walked, and
 * once enough have been seen only one in 16 is: the others count as the running mean. A whole number, at least 1.
 */
export class SizeEstimate {
  #seen = 0;
  #mean = 0;

  entryBytes(key: string, value: unknown): number {
    return OVERHEAD_BYTES + stringBytes(key) + this.valueBytes(value);
  }

  valueBytes(value: unknown): number {
    if (typeof value !== 'object' || value === null) return primitiveBytes(value);
    if (ArrayBuffer.isView(value)) return 64 + value.byteLength;
    return this.#sampled(value);
  }

  #sampled(value: object): number {
    this.#seen += 1;
    if (this.#seen > WARM_UP && this.#seen % SAMPLE_EVERY !== 0) return Math.ceil(this.#mean);
    const bytes = walk(value);
    this.#mean += (bytes - this.#mean) * (this.#seen <= WARM_UP ? 1 / this.#seen : MEAN_SHARE);
    return bytes;
  }
}

/** A string of V8 takes one byte a character where all fit into Latin-1, else two: the larger is assumed for long ones only. */
function stringBytes(text: string): number {
  return 16 + text.length;
}

function primitiveBytes(value: unknown): number {
  switch (typeof value) {
    case 'string':
      return stringBytes(value);
    case 'bigint':
      return 24;
    default:
      return 8;
  }
}

function walk(root: object): number {
  const seen = new Set<object>([root]);
  const pending: object[] = [root];
  let bytes = 0;
  let visited = 0;
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    bytes += containerBytes(next);
    const members = membersOf(next);
    const share =
      members.length <= MAX_VISITED - visited ? members.length : Math.max(0, MAX_VISITED - visited);
    let counted = 0;
    for (let index = 0; index < share; index++) {
      const member = members[index];
      visited += 1;
      if (typeof member !== 'object' || member === null) counted += primitiveBytes(member);
      else if (!seen.has(member)) {
        seen.add(member);
        pending.push(member);
        counted += 8;
      }
    }
    bytes += share === 0 ? members.length * 8 : (counted * members.length) / share;
  }
  return Math.ceil(bytes);
}

function containerBytes(value: object): number {
  if (ArrayBuffer.isView(value)) return 64 + value.byteLength;
  if (value instanceof ArrayBuffer) return 64 + value.byteLength;
  return 32;
}

function membersOf(value: object): unknown[] {
  if (Array.isArray(value)) return value;
  if (ArrayBuffer.isView(value) || value instanceof Date) return [];
  if (value instanceof Map) return [...value.keys(), ...value.values()];
  if (value instanceof Set) return [...value];
  try {
    return Object.values(value);
  } catch {
    // A getter that throws: the object counts as an empty one.
    return [];
  }
}
