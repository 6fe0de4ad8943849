import { CacheError } from '../errors/cache-error.ts';
import { CacheErrorCode } from '../errors/error-code.ts';
import { shownKey } from '../key.ts';

/**
 * What callers get of a value in memory. `share`: the very object that was stored, as fast as it gets; who changes
 * it changes the cache. `clone`: a structured clone each time. `freeze`: one deeply frozen clone for all.
 */
export type Isolation = 'share' | 'clone' | 'freeze';

/** The copy that a store keeps: nothing that the caller can use to change it. Primitives are their own copies. */
export function isolate(value: unknown, isolation: Isolation, key: string): unknown {
  if (isolation === 'share' || typeof value !== 'object' || value === null) return value;
  const copy = clone(value, key);
  return isolation === 'freeze' ? freeze(copy) : copy;
}

/** A structured clone. @throws INVALID_VALUE where the value cannot be cloned: functions, symbols, promises inside. */
export function clone(value: unknown, key: string): unknown {
  try {
    return structuredClone(value);
  } catch (cause) {
    throw new CacheError(
      `The value of '${shownKey(key)}' cannot be cloned (it holds a function, a symbol or the like). ` +
        "Store plain data, or use isolation: 'share'.",
      CacheErrorCode.INVALID_VALUE,
      // A DataCloneError quotes the value in its message: its name is all that goes on.
      { details: { cause: cause instanceof Error ? cause.name : 'unknown' } },
    );
  }
}

/** Whether a frozen value of this kind could still be changed, so that it has to be cloned for each caller. */
export function escapesFreezing(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const pending: object[] = [value];
  const seen = new Set<object>(pending);
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (ArrayBuffer.isView(next) || next instanceof ArrayBuffer || next instanceof Date) return true;
    if (next instanceof Map || next instanceof Set) return true;
    for (const member of Object.values(next)) {
      if (typeof member === 'object' && member !== null && !seen.has(member)) {
        seen.add(member);
        pending.push(member);
      }
    }
  }
  return false;
}

function freeze(value: unknown): unknown {
  if (escapesFreezing(value)) return value;
  const pending: object[] = [value as object];
  const seen = new Set<object>(pending);
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    Object.freeze(next);
    for (const member of Object.values(next)) {
      if (typeof member === 'object' && member !== null && !seen.has(member)) {
        seen.add(member);
        pending.push(member);
      }
    }
  }
  return value;
}
