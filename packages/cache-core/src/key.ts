import { CacheError } from './errors/cache-error.ts';
import { CacheErrorCode } from './errors/error-code.ts';
import { isWellFormed } from './well-formed.ts';

/** The most UTF-8 bytes that a key, a namespace, a tag or a prefix may have. */
const MAX_KEY_BYTES = 65_535;

/** The most characters of a key that an error or a log line shows. */
const MAX_SHOWN_CHARACTERS = 128;

/** Up to this length no string can exceed {@link MAX_KEY_BYTES}: a UTF-16 unit takes 3 bytes at most. */
const SURELY_SHORT = MAX_KEY_BYTES / 3;

/** Controls, formatting marks (text direction among them), line separators and lone surrogates. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
const SEPARATORS = /[\\/:@]/;
const EVERY_SEPARATOR = /[\\/:@]/g;

/**
 * Answers `key` itself if it can be a key: a string of 1 to 65,535 UTF-8 bytes without lone surrogates, which Node
 * would write as U+FFFD, so that two keys became one. Nothing is normalised or trimmed.
 *
 * @throws CacheError `INVALID_KEY`
 */
export function checkKey(key: unknown): string {
  // Every call passes here: a short key costs two comparisons and a look at V8's one-byte flag.
  if (typeof key === 'string' && key.length !== 0 && key.length <= SURELY_SHORT && isWellFormed(key))
    return key;
  const fault = faultOf(key);
  if (fault === undefined) return key as string;
  throw new CacheError(
    `A key must be a well-formed string of 1 to 65,535 UTF-8 bytes; ${fault}. ` +
      'Build keys as strings, and hash what may be longer.',
    CacheErrorCode.INVALID_KEY,
  );
}

/**
 * Answers `name` itself if it can name a namespace, a tag or a prefix; the rules are those of keys.
 *
 * @throws CacheError `INVALID_CONFIGURATION`
 */
export function checkName(name: unknown, what: 'namespace' | 'tag' | 'prefix'): string {
  const fault = faultOf(name);
  if (fault === undefined) return name as string;
  throw new CacheError(
    `A ${what} must be a well-formed string of 1 to 65,535 UTF-8 bytes; ${fault}. Give the ${what} another name.`,
    CacheErrorCode.INVALID_CONFIGURATION,
  );
}

/**
 * Puts a backslash before each `\`, `/`, `:` and `@`, so that escaped names joined by `/` and followed by `:` and a key
 * never read as another path and key.
 */
export function escapeName(name: string): string {
  return SEPARATORS.test(name) ? name.replace(EVERY_SEPARATOR, '\\$&') : name;
}

/**
 * A key as errors and log lines show it: at most 128 characters, an ellipsis included where it was cut, never half a
 * surrogate pair, and what cannot be seen written as `\u{…}`.
 */
export function shownKey(key: string): string {
  if (key.length <= MAX_SHOWN_CHARACTERS && !INVISIBLE.test(key)) return key;
  let shown = '';
  for (const character of key) {
    const visible = INVISIBLE.test(character) ? escapeCharacter(character) : character;
    if (shown.length + visible.length > MAX_SHOWN_CHARACTERS) return `${cut(shown)}…`;
    shown += visible;
  }
  return shown;
}

function cut(shown: string): string {
  if (shown.length < MAX_SHOWN_CHARACTERS) return shown;
  const last = shown.codePointAt(shown.length - 2) ?? 0;
  return shown.slice(0, last > 0xffff ? -2 : -1);
}

function escapeCharacter(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

function faultOf(text: unknown): string | undefined {
  if (typeof text !== 'string') return `got ${text === null ? 'null' : `a value of type ${typeof text}`}`;
  if (text === '') return 'got an empty string';
  // The length first: a string of a megabyte is refused without being looked through.
  if (text.length > MAX_KEY_BYTES) return `got ${text.length} characters, '${shownKey(text)}'`;
  if (!isWellFormed(text)) return `'${shownKey(text)}' has half of a surrogate pair`;
  if (text.length <= SURELY_SHORT) return undefined;
  const bytes = Buffer.byteLength(text, 'utf8');
  return bytes > MAX_KEY_BYTES ? `got ${bytes} bytes, '${shownKey(text)}'` : undefined;
}
