import type { Serializer } from '../contracts/serializer.ts';
import { CacheError } from '../errors/cache-error.ts';
import { CacheErrorCode } from '../errors/error-code.ts';
import { checkOptions, invalidOption } from '../option-checks.ts';
import { corruptEntry } from './corrupt-entry.ts';
import { describeInstance, isPlainArray, isPlainPrototype } from './plain-object.ts';
import { findFault, MAX_DEPTH, unserializable } from './value-fault.ts';

export interface JSONSerializerOptions {
  /**
   * `true`: store what `JSON.stringify` makes of a value, whatever is lost on the way: a `Date` comes back as a string,
   * a `Map` as `{}`, `NaN` as null, an `undefined` property not at all. Saves the look through each value. Default
   * `false`: such a value is refused.
   */
  readonly lossy?: boolean | undefined;
}

const ADVICE =
  'JSON would change it silently. Use MessagePackSerializer, the default, which keeps it; or convert it first; or accept ' +
  'what JSON makes of it with new JSONSerializer({ lossy: true }).';
/** Beyond this many arrays and objects a value is one whose parts share so much that JSON would never end writing it out. */
const MAX_CONTAINERS = 2 ** 23;
/** Text shorter than this has no room for a nesting that is too deep. */
const SURELY_SHALLOW = 2 * MAX_DEPTH;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Stores values as JSON, which a person and any other program can read.
 *
 * What comes back equals what went in: null, booleans, finite numbers, strings (lone surrogates included), plain objects
 * and arrays, up to 1,024 levels deep. Everything that JSON would change is refused at `set` with `SERIALIZATION_FAILED`
 * and the path to it: `undefined`, `NaN`, infinities, bigints, dates, maps, sets, buffers, class instances, functions,
 * symbols, holes in arrays, cycles. What may differ: `-0` comes back as 0, an object without a prototype as a plain one,
 * a part that is referred to twice as two equal parts; properties that are not enumerable, and named ones of arrays, are
 * not stored.
 */
export class JSONSerializer implements Serializer {
  readonly format = 1;
  readonly #lossy: boolean;

  /** @throws CacheError `INVALID_CONFIGURATION` */
  constructor(options?: JSONSerializerOptions) {
    const { lossy = false } = checkOptions(options, ['lossy'], 'JSONSerializer options');
    if (typeof lossy !== 'boolean')
      throw invalidOption('JSONSerializer options.lossy', 'true or false', lossy);
    this.#lossy = lossy;
  }

  /** @throws CacheError `SERIALIZATION_FAILED` */
  serialize(value: unknown): string {
    let text: string | undefined;
    try {
      // The hot path: a look through the value, then native JSON. A replacer would cost four times as much.
      if (this.#lossy || isKept(value, MAX_DEPTH, { left: MAX_CONTAINERS })) text = JSON.stringify(value);
    } catch (error) {
      throw unwritable(value, this.#lossy, error);
    }
    if (text === undefined) throw unwritable(value, this.#lossy);
    return text;
  }

  /**
   * A key `__proto__` becomes a property like any other.
   * @throws CacheError `CORRUPT_ENTRY` where the data is not JSON in UTF-8, or nests more than 1,024 levels deep
   */
  deserialize<T = unknown>(data: string | Uint8Array): T {
    let value: unknown;
    try {
      value = JSON.parse(typeof data === 'string' ? data : UTF8.decode(data));
    } catch {
      throw corruptEntry('payload', 'they are not JSON');
    }
    if (data.length > SURELY_SHALLOW && isDeeper(value, MAX_DEPTH)) {
      throw corruptEntry('payload', `they nest more than ${MAX_DEPTH} levels deep`);
    }
    return value as T;
  }
}

/** Whether JSON keeps `part` and everything in it. Never true for a cycle: that has no last level. */
function isKept(part: unknown, levels: number, containers: { left: number }): boolean {
  if (typeof part !== 'object') return isKeptPrimitive(part);
  if (part === null) return true;
  if (levels === 0 || containers.left-- === 0) return false;
  if (isPlainArray(part)) {
    for (let index = 0; index < part.length; index++) {
      const member = part[index];
      if (typeof member === 'object' ? !isKept(member, levels - 1, containers) : !isKeptPrimitive(member))
        return false;
    }
    return true;
  }
  if (!isPlainPrototype(Object.getPrototypeOf(part))) return false;
  for (const key in part) {
    const member = (part as Record<string, unknown>)[key];
    if (typeof member === 'object' ? !isKept(member, levels - 1, containers) : !isKeptPrimitive(member))
      return false;
  }
  return Object.getOwnPropertySymbols(part).length === 0;
}

function isKeptPrimitive(part: unknown): boolean {
  const type = typeof part;
  return type === 'string' || type === 'boolean' || (type === 'number' && Number.isFinite(part));
}

/** Whether arrays and objects, as `JSON.parse` makes them, stand deeper in one another than `levels`. */
function isDeeper(part: unknown, levels: number): boolean {
  if (typeof part !== 'object' || part === null) return false;
  if (levels === 0) return true;
  if (Array.isArray(part)) {
    for (let index = 0; index < part.length; index++) {
      const member = part[index];
      if (typeof member === 'object' && member !== null && isDeeper(member, levels - 1)) return true;
    }
    return false;
  }
  for (const key in part) {
    const member = (part as Record<string, unknown>)[key];
    if (typeof member === 'object' && member !== null && isDeeper(member, levels - 1)) return true;
  }
  return false;
}

/** What made a value unfit for JSON. Errors of getters and of JSON itself are not passed on: they may quote the value. */
function unwritable(value: unknown, lossy: boolean, error?: unknown): CacheError {
  if (!lossy) {
    try {
      const fault = findFault(value, { faultOf: faultForJSON, mayContainItself: () => false });
      if (fault !== undefined) return unserializable(fault, ADVICE);
    } catch {
      // Reading the value throws; that is said below.
    }
  }
  const why =
    error === undefined
      ? 'JSON has nothing to write for it, or its parts refer to one another so often that it would not end'
      : 'reading it threw, it refers back to itself, or its text would be longer than a string can be';
  return new CacheError(
    `The value cannot be stored as JSON: ${why}. Store a plain value made of what is needed.`,
    CacheErrorCode.SERIALIZATION_FAILED,
  );
}

function faultForJSON(part: unknown): string | undefined {
  switch (typeof part) {
    case 'string':
    case 'boolean':
      return undefined;
    case 'number':
      return Number.isFinite(part) ? undefined : String(part);
    case 'object':
      return part === null ? undefined : objectFaultForJSON(part);
    default:
      return part === undefined ? 'undefined' : `a ${typeof part}`;
  }
}

function objectFaultForJSON(part: object): string | undefined {
  if (isPlainArray(part)) return undefined;
  const prototype = Object.getPrototypeOf(part);
  if (!isPlainPrototype(prototype)) return `an instance of ${describeInstance(prototype)}`;
  return Object.getOwnPropertySymbols(part).length === 0 ? undefined : 'an object with symbols as keys';
}
