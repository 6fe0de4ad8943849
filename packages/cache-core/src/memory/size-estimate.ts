/** An object, array or collection, its members aside; and one reference to such. */
const CONTAINER_BYTES = 32;
const REFERENCE_BYTES = 8;
/** A view of binary data, or its buffer. */
const BINARY_BYTES = 64;
/** Values walked exactly before sampling begins. */
const WARM_UP = 32;
/** Afterwards at most so many go by from one sample to the next, in the mean half of them. */
const LONGEST_STEP = 32;
/** The most members a sample looks at; the others of an array or object count as those that were looked at. */
const MAX_VISITED = 256;
/** How fast the running mean follows: a sixteenth of each new sample. */
const MEAN_SHARE = 1 / 16;
/** Shorter strings are taken to have one byte a character. */
const SHORT_STRING = 64;
/** Where V8 knows a string to be of one byte a character, this fails at once, however long it is. */
const TWO_BYTE = /[\u0100-\uffff]/;

/**
 * Estimates how many bytes values take. Strings, numbers and binary data have known lengths; objects are walked, and
 * once enough have been seen only one in 16 is: the others count as the running mean. A whole number.
 */
export class SizeEstimate {
  #seen = 0;
  #mean = 0;
  #toNextSample = 0;
  #random = 1;

  bytesOf(value: unknown): number {
    if (typeof value !== 'object' || value === null) return primitiveBytes(value);
    if (ArrayBuffer.isView(value)) return BINARY_BYTES + value.byteLength;
    if (this.#toNextSample > 0) {
      this.#toNextSample -= 1;
      return Math.ceil(this.#mean);
    }
    const bytes = Math.ceil(new Sample().bytesOf(value));
    this.#seen += 1;
    if (this.#seen > WARM_UP) this.#toNextSample = this.#nextStep();
    this.#mean += (bytes - this.#mean) * (this.#seen <= WARM_UP ? 1 / this.#seen : MEAN_SHARE);
    return bytes;
  }

  /** An irregular step: values that come in turns, small and large, are both met. Numerical Recipes' generator. */
  #nextStep(): number {
    this.#random = (Math.imul(this.#random, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#random / 2 ** 32) * LONGEST_STEP);
  }
}

/** V8 takes one byte a character where all fit into Latin-1, else two. */
function stringBytes(text: string): number {
  const { length } = text;
  return 16 + (length > SHORT_STRING && TWO_BYTE.test(text) ? length * 2 : length);
}

/** Beside the reference; numbers, booleans and the like are in it. */
function primitiveBytes(value: unknown): number {
  if (typeof value === 'string') return stringBytes(value);
  return typeof value === 'bigint' ? 24 : 0;
}

/** One walk through a value. Each object counts once; no more than {@link MAX_VISITED} members are looked at. */
class Sample {
  readonly #seen = new Set<object>();
  #left = MAX_VISITED;

  bytesOf(value: unknown): number {
    if (typeof value !== 'object' || value === null) return primitiveBytes(value);
    // The walk goes no deeper than the members it may look at, so that no nesting can exhaust the stack.
    if (this.#left <= 0 || this.#seen.has(value)) return 0;
    this.#seen.add(value);
    try {
      return this.#containerBytes(value);
    } catch {
      // A getter or a trap of a proxy throws: what cannot be looked at counts as nothing.
      return CONTAINER_BYTES;
    }
  }

  #containerBytes(value: object): number {
    if (ArrayBuffer.isView(value)) return BINARY_BYTES + value.byteLength;
    if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) {
      return BINARY_BYTES + value.byteLength;
    }
    if (Array.isArray(value)) return this.#membersBytes(value.length, value);
    if (value instanceof Map) return this.#membersBytes(value.size * 2, flattened(value));
    if (value instanceof Set) return this.#membersBytes(value.size, value);
    const names = Object.keys(value);
    const looked = names.length > MAX_VISITED ? names.slice(0, MAX_VISITED) : names;
    return this.#membersBytes(
      names.length,
      looked.map((name) => (value as Record<string, unknown>)[name]),
    );
  }

  #membersBytes(count: number, members: Iterable<unknown>): number {
    // The first of several large members must not leave nothing for the others.
    const share = Math.max(1, Math.ceil(this.#left / 2));
    let looked = 0;
    let bytes = 0;
    if (count > 0 && this.#left > 0) {
      for (const member of members) {
        looked += 1;
        this.#left -= 1;
        bytes += REFERENCE_BYTES + this.bytesOf(member);
        if (looked >= share || this.#left <= 0) break;
      }
    }
    const mean = looked === 0 ? REFERENCE_BYTES : bytes / looked;
    return CONTAINER_BYTES + mean * count;
  }
}

function* flattened(map: ReadonlyMap<unknown, unknown>): Generator<unknown> {
  for (const [key, value] of map) {
    yield key;
    yield value;
  }
}
