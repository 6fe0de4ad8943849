import { CacheError } from '../errors/cache-error.ts';
import { CacheErrorCode } from '../errors/error-code.ts';
import { shownKey } from '../key.ts';
import { cloneWithBuffers, someObject } from './deep-clone.ts';

/**
 * What callers get of a value in memory. `share`: the very object that was stored, as fast as it gets; who changes
 * it changes the cache. `clone`: a structured clone each time. `freeze`: one deeply frozen clone for all, and a clone for
 * each where freezing holds nothing: dates, maps, sets, regular expressions and binary data.
 *
 * A clone is plain data: an instance of a class of yours comes back as a plain object of its own properties.
 */
export type Isolation = 'share' | 'clone' | 'freeze';

/** How a caller's own clone of a kept value is made. */
export type Cloner = (value: unknown) => unknown;

/** What a store keeps of a value. */
export interface Isolated {
  /** Shared, the caller's own object; else nothing that the caller can use to change it. */
  readonly value: unknown;
  /** Null: all callers may have the kept value itself. */
  readonly cloner: Cloner | null;
}

/** @throws INVALID_VALUE where a clone cannot be made: functions, symbols, promises, proxies or shared memory inside */
export function isolate(value: unknown, isolation: Isolation, key: string): Isolated {
  if (isolation === 'share' || typeof value !== 'object' || value === null) return { value, cloner: null };
  let copy: object;
  try {
    copy = cloneWithBuffers(value);
  } catch (cause) {
    // A DataCloneError quotes the value in its message: its name is all that goes on.
    throw uncloneable(key, cause instanceof Error ? cause.name : 'unknown');
  }
  if (someObject(copy, isSharedMemory)) throw uncloneable(key, 'SharedArrayBuffer');
  if (isolation === 'freeze' && !someObject(copy, escapesFreezing)) {
    someObject(copy, (object) => {
      Object.freeze(object);
      return false;
    });
    return { value: copy, cloner: null };
  }
  return { value: copy, cloner: someObject(copy, Buffer.isBuffer) ? cloneObject : structuredClone };
}

function cloneObject(value: unknown): unknown {
  return cloneWithBuffers(value as object);
}

function uncloneable(key: string, cause: string): CacheError {
  return new CacheError(
    `The value of '${shownKey(key)}' cannot be cloned: it holds a function, a symbol, a promise, a proxy, shared memory ` +
      "or the like, or is nested too deeply. Store plain data, or use isolation: 'share'.",
    CacheErrorCode.INVALID_VALUE,
    { details: { cause } },
  );
}

function escapesFreezing(object: object): boolean {
  return (
    ArrayBuffer.isView(object) ||
    object instanceof ArrayBuffer ||
    object instanceof Date ||
    object instanceof Map ||
    object instanceof Set ||
    object instanceof RegExp
  );
}

function isSharedMemory(object: object): boolean {
  return (ArrayBuffer.isView(object) ? object.buffer : object) instanceof SharedArrayBuffer;
}
