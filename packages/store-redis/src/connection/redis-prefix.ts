import { CacheError, CacheErrorCode } from '@larder/cache-core';
import { invalidOption } from '@larder/cache-core/store';

const DEFAULT_PREFIX = 'larder:';
const MAX_BYTES = 512;
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/u;
const ENDS_IN_WORD = /[\p{L}\p{N}]$/u;
const BETWEEN_WORDS = /[^\p{L}\p{N}]+/u;
/** The kinds of keys that are followed by something (`KeyLayout`). */
const KINDS: ReadonlySet<string> = new Set(['v', 'l', 's']);

/**
 * What a store's keys begin with: the caller's client's prefix, then its own, which ends in a separator.
 *
 * No two stores with different prefixes have a key in common, unless one prefix continues the other by a kind: `larder:`
 * with the key `v:x` and `larder:v:` with the key `x` were one. Hence kinds are refused as segments.
 *
 * @throws CacheError `INVALID_CONFIGURATION`
 */
export function resolvePrefix(
  clientPrefix: string,
  given: unknown,
  allowSharedRoot: boolean,
  where: string,
): string {
  const own = given === undefined ? DEFAULT_PREFIX : given;
  const option = `${where}.prefix`;
  if (typeof own !== 'string') throw invalidOption(option, 'a string', own, `Write 'app:'.`);
  const prefix = clientPrefix + own;
  if (prefix === '') {
    if (allowSharedRoot) return '';
    throw new CacheError(
      `${option} is empty, so that the whole database would be this store's. Give it a name such as 'app:', or allow ` +
        'it with allowSharedRoot: true.',
      CacheErrorCode.INVALID_CONFIGURATION,
      { details: { option } },
    );
  }
  if (!isWellFormed(prefix) || CONTROL.test(prefix)) {
    throw invalidOption(option, 'well-formed text without control characters', own);
  }
  if (Buffer.byteLength(prefix) > MAX_BYTES) {
    throw invalidOption(
      option,
      `at most ${MAX_BYTES} bytes of UTF-8${clientPrefix && ', the keyPrefix of the client included'}`,
      own,
    );
  }
  const kind = prefix.split(BETWEEN_WORDS).find((segment) => KINDS.has(segment));
  if (kind !== undefined) {
    throw invalidOption(
      option,
      `without a segment 'v', 'l' or 's'${clientPrefix && ', the keyPrefix of the client included'}`,
      own,
      `They tell kinds of keys apart: '…:${kind}:' could be taken for the keys of another store. Choose a longer name.`,
    );
  }
  return ENDS_IN_WORD.test(prefix) ? `${prefix}:` : prefix;
}

function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}
