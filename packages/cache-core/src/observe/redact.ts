/** What is shown in the place of a secret. */
const HIDDEN = '***';
const MAX_SHOWN_CHARACTERS = 512;
const SCHEME = /^[a-z][a-z0-9+.-]{0,31}:\/\//i;

/** `password=…` in a query or in a keyword string, and its relatives. The value may be quoted, as libpq allows. */
const SECRET_PAIR =
  /([\w%.-]{0,32}(?:pass|pwd|secret|token|auth|credential|cert|key|user)[\w%.-]{0,32} ?= ?)('(?:[^'\\]|\\.)*'?|[^&;\s#]*)/gi;

/**
 * A server's address as errors, logs and health reports may show it: without user and password, and with the values of
 * query parameters that sound like secrets replaced by `***`. Works on text rather than on a parsed URL, because a
 * password with an unescaped `@`, `/`, `?` or `#` in it must not show either: everything up to the last `@` goes, even
 * where that takes too much.
 */
export function redactUrl(url: string | URL): string {
  const text = String(url);
  const scheme = SCHEME.exec(text)?.[0] ?? '';
  const address = text.slice(Math.max(scheme.length, text.lastIndexOf('@') + 1));
  return (scheme + address.slice(0, MAX_SHOWN_CHARACTERS)).replace(SECRET_PAIR, `$1${HIDDEN}`);
}
