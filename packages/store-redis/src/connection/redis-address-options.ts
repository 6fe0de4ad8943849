import type { ConnectionOptions } from 'node:tls';
import { CacheError, CacheErrorCode } from '@larder/cache-core';
import { invalidOption, wholeNumber } from '@larder/cache-core/store';
import { addressTarget, clientTarget, type IoredisClient, type RedisTarget } from './redis-target.ts';
import { DEFAULT_PORT, MAX_DATABASE, parseRedisUrl, type RedisAddress } from './redis-url.ts';

/**
 * Where the server is: a {@link client}, or a {@link url}, or single members; nothing at all is `localhost:6379`. Of two that say the
 * same thing neither wins: `INVALID_CONFIGURATION`.
 */
export interface RedisAddressOptions {
  /**
   * `redis://user:password@host:port/database`, `rediss://…` for TLS, `unix:///path/redis.sock`, or the absolute path of a socket.
   * User and password percent-encoded; `?db=` and `?family=4` are known. The environment is not looked at.
   */
  readonly url?: string | URL | undefined;
  /** An ioredis client, version 5 or 6, whose settings are taken over. It is neither used nor closed. A Cluster is refused. */
  readonly client?: IoredisClient | undefined;
  /** Name or address of the server. Default `localhost`. */
  readonly host?: string | undefined;
  /** From 1 to 65,535. Default 6379. */
  readonly port?: number | undefined;
  /** Absolute path of a unix socket, instead of {@link host} and {@link port}. */
  readonly path?: string | undefined;
  /** Default: the server's `default` user. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Number of the database, from 0 up. Default 0. */
  readonly db?: number | undefined;
  /** `true`, or options of Node's `tls.connect`. Default: as the URL says, else `false`. */
  readonly tls?: boolean | ConnectionOptions | undefined;
  /** 4 or 6 for addresses of that kind alone, 0 for either. Default 0. */
  readonly family?: 0 | 4 | 6 | undefined;
}

type AddressName = keyof RedisAddressOptions;

/** Names of the options that say where the server is. */
export const ADDRESS_NAMES: readonly AddressName[] = [
  'url',
  'client',
  'host',
  'port',
  'path',
  'username',
  'password',
  'db',
  'tls',
  'family',
];

/**
 * Where the options lead to.
 * @throws CacheError `INVALID_CONFIGURATION`
 */
export function resolveTarget(given: Partial<RedisAddressOptions>, where: string): RedisTarget {
  const { client, url, path, tls } = given;
  if (client !== undefined) {
    refuseBeside('client', given, ADDRESS_NAMES, where);
    return clientTarget(client, `${where}.client`);
  }
  if (tls !== undefined && typeof tls !== 'boolean' && (typeof tls !== 'object' || tls === null)) {
    throw invalidOption(`${where}.tls`, 'true, false or options of tls.connect', tls);
  }
  if (url !== undefined) return urlTarget(given, where);
  if (path !== undefined) refuseBeside('path', given, ['host', 'port', 'tls', 'family'], where);
  const address: RedisAddress = {
    ...(path === undefined
      ? { host: text(given, 'host', where) ?? 'localhost', port: portOf(given, where) }
      : { path: socketOf(path, where) }),
    ...rest(given, where),
    tls: tls !== undefined && tls !== false,
  };
  return addressTarget(address, typeof tls === 'object' ? tls : undefined);
}

function urlTarget(given: Partial<RedisAddressOptions>, where: string): RedisTarget {
  const { url, tls } = given;
  refuseBeside('url', given, ['host', 'port', 'path'], where);
  if (typeof url !== 'string' && !(url instanceof URL)) {
    // Not shown: what it is may be anything, and hold a password.
    throw new CacheError(
      `${where}.url must be a string. Write 'redis://host:6379/0'.`,
      CacheErrorCode.INVALID_CONFIGURATION,
      { details: { option: 'url' } },
    );
  }
  const parsed = parseRedisUrl(String(url), `${where}.url`);
  for (const name of ['username', 'password', 'db', 'family'] as const) {
    if (given[name] !== undefined && parsed[name] !== undefined) throw twice(name, 'url', where);
  }
  if (tls === false && parsed.tls) throw twice('tls', 'url', where);
  if (parsed.path !== undefined) refuseBeside('url', given, ['tls', 'family'], where);
  const address = {
    ...parsed,
    ...rest(given, where),
    tls: parsed.tls || (tls !== undefined && tls !== false),
  };
  return addressTarget(address, typeof tls === 'object' ? tls : undefined);
}

function rest(given: Partial<RedisAddressOptions>, where: string): Partial<RedisAddress> {
  const { db, family } = given;
  const username = loginPart(given, 'username', where);
  const password = loginPart(given, 'password', where);
  if (family !== undefined && ![0, 4, 6].includes(family))
    throw invalidOption(`${where}.family`, '0, 4 or 6', family);
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(db !== undefined && { db: wholeNumber(db, `${where}.db`, { max: MAX_DATABASE }) }),
    ...(family !== undefined && { family }),
  };
}

function text(given: Partial<RedisAddressOptions>, name: 'host', where: string): string | undefined {
  const value: unknown = given[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value === '')
    throw invalidOption(`${where}.${name}`, 'a name or an address', value);
  if (!/[/@\s]/.test(value)) return value;
  throw invalidOption(
    `${where}.${name}`,
    'a name or an address',
    value,
    'A URL belongs into the option url.',
  );
}

/** Not shown in an error. */
function loginPart(
  given: Partial<RedisAddressOptions>,
  name: 'username' | 'password',
  where: string,
): string | undefined {
  const value: unknown = given[name];
  if (value === undefined || (typeof value === 'string' && value !== '')) return value;
  throw new CacheError(
    `${where}.${name} must be a string that is not empty. Leave it out where the server asks for none.`,
    CacheErrorCode.INVALID_CONFIGURATION,
    { details: { option: name } },
  );
}

function portOf(given: Partial<RedisAddressOptions>, where: string): number {
  if (given.port === undefined) return DEFAULT_PORT;
  return wholeNumber(given.port, `${where}.port`, { min: 1, max: 65_535 });
}

function socketOf(path: unknown, where: string): string {
  if (typeof path === 'string' && path.startsWith('/') && path.length > 1) return path;
  throw invalidOption(`${where}.path`, 'the absolute path of a unix socket', path);
}

function refuseBeside(
  chosen: AddressName,
  given: Partial<RedisAddressOptions>,
  names: readonly AddressName[],
  where: string,
): void {
  const other = names.find((name) => name !== chosen && given[name] !== undefined);
  if (other !== undefined) throw twice(other, chosen, where);
}

function twice(name: AddressName, chosen: AddressName, where: string): CacheError {
  return new CacheError(
    `${where}.${name} cannot be given beside ${where}.${chosen}, which says it already. Leave one of them out.`,
    CacheErrorCode.INVALID_CONFIGURATION,
    { details: { option: name } },
  );
}
