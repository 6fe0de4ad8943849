import type { ConnectionOptions } from 'node:tls';
import { CacheError, CacheErrorCode, isCacheError } from '@larder/cache-core';
import { Redis, type RedisOptions } from 'ioredis';
import type { RedisAddress } from './redis-url.ts';

/** Where connections lead to, and how a client for one is made. Holds the password; shows it to nobody. */
export interface RedisTarget {
  /** A new client, not connected. `overrides` win over everything else. */
  create(overrides: RedisOptions): Redis;
  /** What the caller's own client puts before each key; '' without one. */
  readonly keyPrefix: string;
  readonly database: number;
  /** `host:port`, or the path of a socket: no user, no password. */
  readonly shown: string;
}

/**
 * The caller's own ioredis client, of version 5 or 6. It is a template: connections are opened with its options, the client
 * itself is neither used nor closed.
 */
export interface IoredisClient {
  readonly isCluster: boolean;
  readonly options: object;
  duplicate(override?: object): unknown;
  callBuffer(command: string, ...args: never[]): unknown;
}

/** A server by its address. */
export function addressTarget(address: RedisAddress, tls?: ConnectionOptions): RedisTarget {
  const { host, port, path, username, password, db = 0, family } = address;
  const options: RedisOptions = {
    ...(path === undefined ? { host, port, ...(family !== undefined && { family }) } : { path }),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(address.tls && { tls: { ...tls } }),
  };
  return {
    create: (overrides) => new Redis({ ...options, ...overrides }),
    keyPrefix: '',
    database: db,
    shown: shownAddress(host, port, path),
  };
}

/**
 * Whether `value` is meant as a client rather than as options.
 * @param what an error calls it
 * @throws CacheError `INVALID_CONFIGURATION` where it cannot be looked at
 */
export function looksLikeClient(value: unknown, what: string): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return reading(what, () => {
    const { duplicate, sendCommand, isCluster } = value as Record<string, unknown>;
    return typeof duplicate === 'function' || typeof sendCommand === 'function' || isCluster === true;
  });
}

/**
 * The server that the caller's own client is for.
 * @param option what an error calls it
 * @throws CacheError `INVALID_CONFIGURATION` for a cluster, and for what is not a client of ioredis 5 or 6
 */
export function clientTarget(value: unknown, option: string): RedisTarget {
  return reading(option, () => {
    const client = checkClient(value, option);
    const { host, port, path, db, keyPrefix } = client.options;
    return {
      create: (overrides) => client.duplicate(overrides) as Redis,
      keyPrefix: keyPrefix === undefined || keyPrefix === null ? '' : String(keyPrefix),
      database: db ?? 0,
      shown: shownAddress(host, port, path ?? undefined),
    };
  });
}

function checkClient(value: unknown, option: string): IoredisClient & { readonly options: RedisOptions } {
  const client = value as Partial<Record<string, unknown>> | null;
  if (client?.isCluster === true) {
    const fault = 'is a Cluster, which is not supported yet. Pass a client of a standalone server.';
    throw invalidClient(option, fault);
  }
  const methods = ['duplicate', 'callBuffer', 'connect', 'disconnect'];
  const options = client?.options as RedisOptions | null | undefined;
  if (
    typeof options !== 'object' ||
    options === null ||
    methods.some((name) => !isFunction(client?.[name]))
  ) {
    throw invalidClient(option, 'is not a client of ioredis 5 or 6. Pass new Redis(…) of ioredis, or a URL.');
  }
  if (options.sentinels) {
    const fault = 'goes through Sentinel, which is not supported yet. Pass a client of one server.';
    throw invalidClient(option, fault);
  }
  return value as IoredisClient & { readonly options: RedisOptions };
}

/** What is not a client may throw when it is looked at. */
function reading<T>(option: string, look: () => T): T {
  try {
    return look();
  } catch (cause) {
    if (isCacheError(cause)) throw cause;
    throw new CacheError(
      `${option} could not be read. Pass a client of ioredis, a URL, or an object whose getters do not throw.`,
      CacheErrorCode.INVALID_CONFIGURATION,
      { cause, details: { option } },
    );
  }
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

function shownAddress(host: string | undefined, port: number | undefined, path: string | undefined): string {
  if (path !== undefined) return path;
  const name = host ?? 'localhost';
  return `${name.includes(':') ? `[${name}]` : name}:${port ?? 6379}`;
}

function invalidClient(option: string, fault: string): CacheError {
  return new CacheError(`${option} ${fault}`, CacheErrorCode.INVALID_CONFIGURATION, { details: { option } });
}
