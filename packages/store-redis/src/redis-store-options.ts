import { type Clock, type Duration, type Logger, type LogMethod, systemClock } from '@larder/cache-core';
import {
  type CodecOptions,
  checkOptions,
  durationMs,
  invalidOption,
  silentLogger,
} from '@larder/cache-core/store';
import {
  ADDRESS_NAMES,
  type RedisAddressOptions,
  resolveTarget,
} from './connection/redis-address-options.ts';
import { resolvePrefix } from './connection/redis-prefix.ts';
import { type IoredisClient, looksLikeClient, type RedisTarget } from './connection/redis-target.ts';

export type { RedisAddressOptions } from './connection/redis-address-options.ts';
export type { IoredisClient } from './connection/redis-target.ts';

/** What everything that connects to Redis has in common. */
export interface RedisConnectionOptions extends RedisAddressOptions {
  /**
   * What every key and channel begins with: a well-formed string of at most 512 UTF-8 bytes, without control characters. A
   * `:` is put behind it unless it ends in a character that is neither letter nor digit. No segment between such
   * characters may be `v`, `l` or `s`, which tell kinds of keys apart. Default `larder:`. The `keyPrefix` of a client goes
   * before it.
   */
  readonly prefix?: string | undefined;
  /** Permits an empty {@link prefix}: the whole database is the store's then. Default `false`. */
  readonly allowSharedRoot?: boolean | undefined;
  /** How long one attempt to connect may take, from 1 ms to an hour. Default `'500ms'`. */
  readonly connectTimeout?: Duration | undefined;
  /**
   * How long nothing may arrive on a connection while an answer is due, from 10 ms up; then it is given up and opened anew. Longer
   * than the longest script of anybody's on that server. `Infinity`: for ever. Default `'1s'`.
   */
  readonly silenceLimit?: Duration | undefined;
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
  /** Shaped like pino. Default: silent. */
  readonly logger?: Logger | undefined;
}

/** Options of a `RedisStore`. Read once: what is done to the object later changes nothing. */
export interface RedisStoreOptions extends RedisConnectionOptions {
  /** How values become text or bytes. Default: MessagePack. */
  readonly serializer?: CodecOptions['serializer'];
  /** Default: values are not compressed, unless an entry asks for it (then gzip). */
  readonly compression?: CodecOptions['compression'];
  /**
   * The largest value, in bytes once serialized, before it is compressed: a number, or a string such as `'4mb'`. Larger ones are
   * neither written nor read. Default 16 MB.
   */
  readonly maxValueBytes?: CodecOptions['maxValueBytes'];
  /**
   * How long a method of the store itself (`get`, `set`, `delete` …) waits, from 1 ms up; `Infinity`: for ever. A cache has
   * deadlines of its own. Default `'1s'`.
   */
  readonly operationTimeout?: Duration | undefined;
  /**
   * A `set` or `increment` that reaches the server later than this after it was sent is not carried out, so that it cannot
   * undo what others have written since. From 1 ms to an hour. Default `'1s'`.
   */
  readonly writeDelayLimit?: Duration | undefined;
}

/** What a connection needs, checked, with every default in place. */
export interface ResolvedConnectionOptions {
  readonly target: RedisTarget;
  /** The client's `keyPrefix`, then the option, with its separator. */
  readonly prefix: string;
  readonly connectTimeoutMs: number;
  readonly silenceMs: number;
  readonly clock: Clock;
  /** Never throws. */
  readonly logger: Logger;
}

/** The options of a `RedisStore`, checked, with every default in place. */
export interface ResolvedRedisOptions extends ResolvedConnectionOptions {
  readonly codec: CodecOptions;
  readonly operationTimeoutMs: number;
  readonly writeDelayLimitMs: number;
}

/** What a constructor takes first: a URL, a client, or options. */
export type RedisTargetArgument = string | URL | IoredisClient | RedisAddressOptions;

const COMMON_NAMES: readonly (keyof RedisConnectionOptions)[] = [
  ...ADDRESS_NAMES,
  'prefix',
  'allowSharedRoot',
  'connectTimeout',
  'silenceLimit',
  'clock',
  'logger',
];
const STORE_NAMES: readonly (keyof RedisStoreOptions)[] = [
  ...COMMON_NAMES,
  'serializer',
  'compression',
  'maxValueBytes',
  'operationTimeout',
  'writeDelayLimit',
];
const AN_HOUR_MS = 3_600_000;

/**
 * The arguments of `new RedisStore(…)`: a URL or a client and options, or options alone. Where both arguments are options, the first
 * wins.
 * @throws CacheError `INVALID_CONFIGURATION`
 */
export function resolveRedisOptions(first?: unknown, second?: unknown): ResolvedRedisOptions {
  const given: Partial<RedisStoreOptions> = gather(first, second, STORE_NAMES, 'RedisStore');
  const { serializer, compression, maxValueBytes } = given;
  return {
    ...resolveCommon(given, 'RedisStore'),
    codec: { serializer, compression, maxValueBytes },
    operationTimeoutMs: milliseconds(
      given.operationTimeout,
      '1s',
      'RedisStore.operationTimeout',
      1,
      Infinity,
    ),
    writeDelayLimitMs: milliseconds(given.writeDelayLimit, '1s', 'RedisStore.writeDelayLimit', 1, AN_HOUR_MS),
  };
}

/**
 * As {@link resolveRedisOptions}, for what connects but keeps no entries.
 * @param where the class, as an error names it
 * @throws CacheError `INVALID_CONFIGURATION`
 */
export function resolveConnectionOptions(
  first: unknown,
  second: unknown,
  where: string,
): ResolvedConnectionOptions {
  return resolveCommon(gather(first, second, COMMON_NAMES, where), where);
}

/** Both arguments as one record of options that were read once. */
function gather<T extends RedisConnectionOptions>(
  first: unknown,
  second: unknown,
  names: readonly string[],
  where: string,
): Partial<T> {
  const options = checkOptions<T>(second as T | undefined, names, where);
  if (first === undefined) return options;
  if (typeof first === 'string' || first instanceof URL) {
    if (options.url !== undefined) throw invalidOption(`${where}.url`, 'given once', options.url);
    return { ...options, url: first };
  }
  if (looksLikeClient(first, `What ${where} connects to`)) {
    if (options.client !== undefined) throw invalidOption(`${where}.client`, 'given once', options.client);
    return { ...options, client: first };
  }
  if (typeof first !== 'object' || first === null) {
    throw invalidOption(`What ${where} connects to`, 'a URL, an ioredis client or options', first);
  }
  return { ...options, ...checkOptions<T>(first as T, names, where) };
}

function resolveCommon(given: Partial<RedisConnectionOptions>, where: string): ResolvedConnectionOptions {
  const target = resolveTarget(given, where);
  const { clock, logger, prefix, allowSharedRoot } = given;
  if (clock !== undefined && CLOCK_METHODS.some((name) => typeof clock?.[name] !== 'function')) {
    throw invalidOption(`${where}.clock`, 'a Clock', clock);
  }
  if (logger !== undefined && LEVELS.some((level) => typeof logger?.[level] !== 'function')) {
    throw invalidOption(`${where}.logger`, 'a logger with debug, info, warn and error', logger);
  }
  if (allowSharedRoot !== undefined && typeof allowSharedRoot !== 'boolean') {
    throw invalidOption(`${where}.allowSharedRoot`, 'true or false', allowSharedRoot);
  }
  return {
    target,
    prefix: resolvePrefix(target.keyPrefix, prefix, allowSharedRoot === true, where),
    connectTimeoutMs: milliseconds(given.connectTimeout, '500ms', `${where}.connectTimeout`, 1, AN_HOUR_MS),
    silenceMs: milliseconds(given.silenceLimit, '1s', `${where}.silenceLimit`, 10, Infinity),
    clock: clock ?? systemClock,
    logger: logger === undefined ? silentLogger : harmless(logger),
  };
}

const CLOCK_METHODS = ['now', 'coarseNow', 'wallNow', 'schedule', 'random'] as const;
const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

function milliseconds(
  given: Duration | undefined,
  fallback: Duration,
  option: string,
  min: number,
  max: number,
): number {
  const ms = durationMs(given === undefined ? fallback : given, option);
  if (ms >= min && ms <= max) return ms;
  throw invalidOption(option, `from ${min} ms ${max === Infinity ? 'up' : 'to an hour'}`, given);
}

/** A logger that fails is not to be the end of a connection (P13). */
function harmless(logger: Logger): Logger {
  const at =
    (level: (typeof LEVELS)[number]): LogMethod =>
    (fields, message) => {
      try {
        logger[level](fields, message);
      } catch {
        // Nobody is left to tell.
      }
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
