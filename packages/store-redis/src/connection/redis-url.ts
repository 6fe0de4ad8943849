import { isIPv6 } from 'node:net';
import { CacheError, CacheErrorCode } from '@larder/cache-core';

/** Where a Redis server is and how to log in there, as a URL says it. */
export interface RedisAddress {
  /** Absent with {@link path}. */
  readonly host?: string;
  readonly port?: number;
  /** A unix socket. */
  readonly path?: string;
  readonly username?: string;
  readonly password?: string;
  /** Number of the database. */
  readonly db?: number;
  /** 0 is either. */
  readonly family?: 0 | 4 | 6;
  readonly tls: boolean;
}

export const DEFAULT_PORT = 6379;
/** Redis reads the number of a database as a C int. */
export const MAX_DATABASE = 2 ** 31 - 1;

const SCHEME = /^([a-z][a-z0-9+.-]{0,30}):\/\//i;
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for.
const BLANK = /[\s\u0000-\u001f\u007f]/;
const HOST_NAME = /^[\p{L}\p{N}._-]+$/u;
const DIGITS = /^\d{1,10}$/;
const PARAMETER_NAME = /^[a-z_-]{1,20}$/i;
const EXAMPLE =
  "Write 'redis://user:password@host:6379/0', 'rediss://…' for TLS, or 'unix:///path/redis.sock'.";
const ENCODE =
  'If the user or the password contains characters such as @ : / ? # %, they must be percent-encoded: ' +
  'use encodeURIComponent(password), or pass username and password as options beside the URL.';

/**
 * Reads `redis://`, `rediss://` (TLS) and `unix://` URLs and absolute paths of sockets, with nothing guessed: what is not
 * understood is refused rather than connected to something else. No part of the URL is in an error, since any part may
 * belong to a password that was not encoded.
 *
 * @param option what an error calls it
 * @throws CacheError `INVALID_CONFIGURATION`
 */
export function parseRedisUrl(url: string, option: string): RedisAddress {
  if (url === '') throw invalidUrl(option, 'is empty', EXAMPLE);
  if (BLANK.test(url)) throw invalidUrl(option, 'contains a space or a control character', 'Remove it.');
  if (url.startsWith('/')) return { path: checkSocket(url, option), tls: false };
  const scheme = SCHEME.exec(url)?.[1]?.toLowerCase();
  if (scheme === undefined)
    throw invalidUrl(option, "does not begin with 'redis://' or 'rediss://'", EXAMPLE);
  const parts = split(url.slice(scheme.length + 3), option);
  const login = parseLogin(parts.userInfo, option);
  switch (scheme) {
    case 'redis':
    case 'rediss':
      return {
        ...login,
        ...parseHost(parts.host, option, parts.mayBePassword),
        ...parseDatabase(parts, option),
        tls: scheme === 'rediss',
      };
    case 'unix':
      return { ...login, ...parseSocket(parts, option), tls: false };
    default:
      throw invalidUrl(option, `begins with '${scheme}://', which is not known here`, EXAMPLE);
  }
}

interface Parts {
  readonly userInfo: string | null;
  readonly host: string;
  readonly path: string;
  readonly query: ReadonlyMap<string, string>;
  /** Something before the last `@` was taken for host, path or query. */
  readonly mayBePassword: boolean;
}

function split(rest: string, option: string): Parts {
  const end = rest.search(/[/?#]/);
  const authority = end < 0 ? rest : rest.slice(0, end);
  const tail = end < 0 ? '' : rest.slice(end);
  const mayBePassword = tail.includes('@');
  if (tail.includes('#'))
    throw invalidUrl(option, "has a '#'", mayBePassword ? ENCODE : 'Remove it and what follows.');
  const mark = tail.indexOf('?');
  const at = authority.lastIndexOf('@');
  return {
    userInfo: at < 0 ? null : authority.slice(0, at),
    host: authority.slice(at + 1),
    path: mark < 0 ? tail : tail.slice(0, mark),
    query: parseQuery(mark < 0 ? '' : tail.slice(mark + 1), option, mayBePassword),
    mayBePassword,
  };
}

function parseQuery(text: string, option: string, mayBePassword: boolean): ReadonlyMap<string, string> {
  const query = new Map<string, string>();
  for (const pair of text === '' ? [] : text.split('&')) {
    const equals = pair.indexOf('=');
    const name = equals < 0 ? pair : pair.slice(0, equals);
    if (mayBePassword) throw invalidUrl(option, "has an '@' behind a '?'", ENCODE);
    if (name !== 'db' && name !== 'family') {
      const shown = PARAMETER_NAME.test(name) ? ` '${name}'` : '';
      throw invalidUrl(option, `has an unknown parameter${shown} behind '?'`, "Known are 'db' and 'family'.");
    }
    if (query.has(name)) throw invalidUrl(option, `gives '${name}' twice`, 'Give it once.');
    query.set(name, equals < 0 ? '' : pair.slice(equals + 1));
  }
  return query;
}

function parseLogin(userInfo: string | null, option: string): Pick<RedisAddress, 'username' | 'password'> {
  if (userInfo === null) return {};
  const colon = userInfo.indexOf(':');
  const username = decode(colon < 0 ? userInfo : userInfo.slice(0, colon), 'user', option);
  const password = colon < 0 ? '' : decode(userInfo.slice(colon + 1), 'password', option);
  if (password === '' && username !== '') {
    throw invalidUrl(
      option,
      'has a user but no password',
      "A password alone is written 'redis://:password@host'.",
    );
  }
  return { ...(username !== '' && { username }), ...(password !== '' && { password }) };
}

function decode(text: string, what: string, option: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalidUrl(
      option,
      `has a '%' in its ${what} that encodes nothing`,
      'A percent sign is written %25.',
    );
  }
}

function parseHost(
  text: string,
  option: string,
  mayBePassword: boolean,
): Pick<RedisAddress, 'host' | 'port'> {
  const inBrackets = text.startsWith('[');
  const bracket = inBrackets ? text.indexOf(']') : -1;
  const colon = inBrackets && bracket < 0 ? -1 : text.indexOf(':', bracket + 1);
  const name = colon < 0 ? text : text.slice(0, colon);
  const advice = mayBePassword ? ENCODE : `${EXAMPLE} ${ENCODE}`;
  if (name === '') throw invalidUrl(option, 'names no host', advice);
  const port = colon < 0 ? DEFAULT_PORT : parsePort(text.slice(colon + 1), option, advice);
  if (!inBrackets) {
    if (HOST_NAME.test(name)) return { host: name, port };
    throw invalidUrl(option, 'has a host that cannot be one', advice);
  }
  const address = decode(name.slice(1, -1), 'host', option);
  if (name.endsWith(']') && isIPv6(address)) return { host: address, port };
  throw invalidUrl(option, 'has something else than an IPv6 address in square brackets', advice);
}

function parsePort(text: string, option: string, advice: string): number {
  const port = DIGITS.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw invalidUrl(option, 'has a port that is no whole number from 1 to 65535', advice);
}

function parseDatabase(parts: Parts, option: string): Pick<RedisAddress, 'db' | 'family'> {
  const path = parts.path.slice(1);
  const given = parts.query.get('db');
  if (path !== '' && !DIGITS.test(path)) {
    const fault = "has something else than the number of a database behind the host's '/'";
    throw invalidUrl(option, fault, parts.mayBePassword ? ENCODE : `${EXAMPLE} ${ENCODE}`);
  }
  if (path !== '' && given !== undefined)
    throw invalidUrl(option, 'gives the database twice', 'Give it once.');
  const family = parseFamily(parts.query.get('family'), option);
  const text = path === '' ? given : path;
  if (text === undefined) return family;
  const db = DIGITS.test(text) ? Number(text) : Number.NaN;
  if (db <= MAX_DATABASE) return { db, ...family };
  throw invalidUrl(option, 'has a database that is no whole number from 0 up', "Write '/0' or '?db=0'.");
}

function parseFamily(text: string | undefined, option: string): Pick<RedisAddress, 'family'> {
  if (text === undefined) return {};
  if (text === '0' || text === '4' || text === '6') return { family: Number(text) as 0 | 4 | 6 };
  throw invalidUrl(option, "has a 'family' that is not 0, 4 or 6", 'Leave it out for either.');
}

function parseSocket(parts: Parts, option: string): Pick<RedisAddress, 'path' | 'db'> {
  if (parts.host !== '') {
    throw invalidUrl(option, 'names a host for a unix socket', "Three slashes: 'unix:///path/redis.sock'.");
  }
  if (parts.query.has('family')) throw invalidUrl(option, "has a 'family' for a unix socket", 'Remove it.');
  const { db } = parseDatabase({ ...parts, path: '' }, option);
  return { path: checkSocket(decode(parts.path, 'path', option), option), ...(db !== undefined && { db }) };
}

function checkSocket(path: string, option: string): string {
  if (path.length > 1 && path.length <= 108 && !path.startsWith('//') && !path.endsWith('/')) return path;
  throw invalidUrl(option, 'does not name a unix socket', "Write its absolute path, '/run/redis.sock'.");
}

function invalidUrl(option: string, fault: string, advice: string): CacheError {
  return new CacheError(`${option} ${fault}. ${advice}`, CacheErrorCode.INVALID_CONFIGURATION, {
    details: { option },
  });
}
