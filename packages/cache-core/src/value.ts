import { CacheError } from './errors/cache-error.ts';
import { CacheErrorCode } from './errors/error-code.ts';
import { shownKey } from './key.ts';

/**
 * Refuses what no store can keep, so that every store refuses the same.
 * @throws INVALID_VALUE for undefined, functions, symbols and thenables
 */
export function checkValue(key: string, value: unknown): void {
  const kind = unstorable(value);
  if (kind === null) return;
  const fix =
    kind === 'a promise'
      ? 'Await it first.'
      : kind === 'undefined'
        ? 'Use null for "nothing", or delete the key.'
        : '';
  throw new CacheError(
    `${kind} cannot be stored under '${shownKey(key)}'. ${fix}`.trimEnd(),
    CacheErrorCode.INVALID_VALUE,
  );
}

function unstorable(value: unknown): string | null {
  if (value === undefined) return 'undefined';
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`;
  try {
    return isThenable(value) ? 'a promise' : null;
  } catch {
    // No promise could ever answer it.
    return 'an object whose `then` cannot be read';
  }
}

/** Whether `await` would take it apart rather than hand it on. Throws what a getter named `then` throws. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (typeof value !== 'object' || value === null) return false;
  return typeof (value as { then?: unknown }).then === 'function';
}
