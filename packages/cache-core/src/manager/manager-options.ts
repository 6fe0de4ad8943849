import { systemClock } from '../clock/system-clock.ts';
import type { CacheStore } from '../contracts/cache-store.ts';
import type { Clock } from '../contracts/clock.ts';
import type { CompressionOptions } from '../contracts/compressor.ts';
import type { Duration } from '../contracts/duration.ts';
import type { InvalidationBus } from '../contracts/invalidation-bus.ts';
import type { Logger, LogMethod } from '../contracts/logger.ts';
import type { GetOptions } from '../contracts/options.ts';
import type { Serializer } from '../contracts/serializer.ts';
import { durationMs } from '../duration.ts';
import {
  CALL_OPTION_NAMES,
  type CallOptions,
  DEFAULT_CALL_OPTIONS,
  overlay,
} from '../engine/call-options.ts';
import type { HubOptions } from '../engine/hub-options.ts';
import { CacheError } from '../errors/cache-error.ts';
import { CacheErrorCode } from '../errors/error-code.ts';
import { checkName } from '../key.ts';
import type { MemoryStoreOptions } from '../memory/memory-options.ts';
import { silentLogger } from '../observe/silent-logger.ts';
import { checkOptions, invalidOption, wholeNumber } from '../option-checks.ts';

/** Stores that can be named; `'memory'` is in this package, the others are loaded from `@larder/store-<name>`. */
export type StoreName = 'memory' | 'redis' | 'memcached' | 'postgres';

const STORE_NAMES: readonly StoreName[] = ['memory', 'redis', 'memcached', 'postgres'];

/** Options that hold for every call on a view unless the call says otherwise. */
export type DefaultOptions = Omit<GetOptions, 'signal' | 'refresh' | 'version'>;

export interface CacheManagerOptions extends DefaultOptions {
  /** Where entries live: an instance, or a name. Default `'memory'`. */
  readonly store?: CacheStore | StoreName | undefined;
  /** Options or URL of a store given by name. Default: from the environment (`REDIS_URL`, `MEMCACHED_SERVERS`, `DATABASE_URL`). */
  readonly connection?: unknown;
  /**
   * With a store by name: what its keys begin with, by default `'larder:'`. Beside an instance: a namespace of its own
   * inside the store, by default none.
   */
  readonly prefix?: string | undefined;
  /** For a store by name: how values become bytes. Default: MessagePack. */
  readonly serializer?: Serializer | undefined;
  /** For a store by name: how large values are compressed. Default: not at all. */
  readonly compression?: CompressionOptions | undefined;
  /** For a store by name that has clusters. */
  readonly cluster?: unknown;
  /**
   * This process's own memory in front of the store. Default: on where the store has a bus, off elsewhere; without a
   * bus, switching it on means up to `maxStaleness` stale. With memory as the only store: its bounds.
   */
  readonly l1?: MemoryStoreOptions | boolean | undefined;
  /** What tells other processes of invalidations. Default: the store's own. */
  readonly bus?: InvalidationBus | false | undefined;
  /** How stale a value may be, whatever is lost or paused: the D of the promises. Default `'1s'`; `Infinity` trusts the bus for ever. */
  readonly maxStaleness?: Duration | undefined;
  /** What one call may spend waiting for the store, all its round trips together. Default `'250ms'`. */
  readonly storeTimeout?: Duration | undefined;
  /** The same for `set`, `delete` and other mutations. Default `'1s'`. */
  readonly invalidationTimeout?: Duration | undefined;
  /** Keys being loaded at a time, those of batches included, beyond which nothing is coalesced or stored. Default 10,000. */
  readonly maxInFlight?: number | undefined;
  /** Loads that run at a time while the store is down. Default 100. */
  readonly maxConcurrentLoads?: number | undefined;
  /** Default: the store's, else the system's. */
  readonly clock?: Clock | undefined;
  /** Shaped like pino. Default: silent. */
  readonly logger?: Logger | undefined;
}

const MANAGER_NAMES: readonly (keyof CacheManagerOptions)[] = [
  'store',
  'connection',
  'prefix',
  'serializer',
  'compression',
  'cluster',
  'l1',
  'bus',
  'maxStaleness',
  'storeTimeout',
  'invalidationTimeout',
  'maxInFlight',
  'maxConcurrentLoads',
  'clock',
  'logger',
];

export const DEFAULT_OPTION_NAMES = CALL_OPTION_NAMES.filter(
  (name) => name !== 'signal' && name !== 'refresh' && name !== 'version',
);

const DEFAULT_PREFIX = 'larder:';

/** The options of a manager, checked, with every default in place. */
export interface ResolvedManagerOptions {
  readonly store: CacheStore | StoreName;
  /** For a store by name. */
  readonly named: {
    readonly connection: unknown;
    readonly prefix: string;
    readonly serializer: Serializer | undefined;
    readonly compression: CompressionOptions | undefined;
    readonly cluster: unknown;
  };
  /** A namespace around everything; null = none. */
  readonly rootNamespace: string | null;
  readonly hub: HubOptions;
  /** Names of the options that were given. */
  readonly given: ReadonlySet<string>;
  /** Default options without tags, whose names depend on where the manager stands. */
  readonly defaults: Partial<DefaultOptions>;
}

/** @throws INVALID_CONFIGURATION */
export function resolveManagerOptions(options: CacheManagerOptions | undefined): ResolvedManagerOptions {
  const where = 'CacheManager';
  const given = checkOptions<CacheManagerOptions>(
    options,
    [...MANAGER_NAMES, ...DEFAULT_OPTION_NAMES],
    where,
  );
  const store = checkStore(given.store === undefined ? 'memory' : given.store);
  const byName = typeof store === 'string';
  const prefix = given.prefix === undefined ? null : checkName(given.prefix, 'prefix');
  const names = new Set(Object.keys(given));
  if (!byName || store === 'memory') refuseStoreOptions(names, store);
  return {
    store,
    named: {
      connection: given.connection,
      prefix: prefix ?? DEFAULT_PREFIX,
      serializer: given.serializer,
      compression: given.compression,
      cluster: given.cluster,
    },
    rootNamespace: byName ? null : prefix,
    hub: resolveHubOptions(given, where),
    given: names,
    defaults: Object.fromEntries(
      DEFAULT_OPTION_NAMES.flatMap((name) =>
        names.has(name) ? [[name, given[name as keyof DefaultOptions]]] : [],
      ),
    ),
  };
}

/** Default options of a view over those of the view it comes from. */
export function resolveDefaults(
  base: CallOptions | null,
  defaults: Partial<DefaultOptions>,
  tagPrefix: string,
  where: string,
): CallOptions {
  return overlay(base ?? DEFAULT_CALL_OPTIONS, defaults, tagPrefix, where);
}

function resolveHubOptions(given: Partial<CacheManagerOptions>, where: string): HubOptions {
  const { l1, bus, clock, logger } = given;
  if (
    l1 !== undefined &&
    typeof l1 !== 'boolean' &&
    (typeof l1 !== 'object' || l1 === null || Array.isArray(l1))
  ) {
    throw invalidOption(`${where}.l1`, 'true, false or options of the memory', l1);
  }
  if (
    bus !== undefined &&
    bus !== false &&
    typeof (bus as { subscribe?: unknown } | null)?.subscribe !== 'function'
  ) {
    throw invalidOption(`${where}.bus`, 'an InvalidationBus or false', bus);
  }
  if (clock !== undefined && CLOCK_METHODS.some((name) => typeof clock?.[name] !== 'function'))
    throw invalidOption(`${where}.clock`, 'a Clock', clock);
  if (logger !== undefined && LEVELS.some((level) => typeof logger?.[level] !== 'function')) {
    throw invalidOption(`${where}.logger`, 'a logger with debug, info, warn and error', logger);
  }
  const ms = (name: 'maxStaleness' | 'storeTimeout' | 'invalidationTimeout', fallback: Duration): number => {
    const value = durationMs(orDefault<Duration>(given[name], fallback), `${where}.${name}`);
    if (value > 0) return value;
    throw invalidOption(`${where}.${name}`, 'longer than 0', given[name]);
  };
  return {
    l1,
    bus,
    maxStalenessMs: ms('maxStaleness', 1),
    storeTimeoutMs: ms('storeTimeout', '250ms'),
    invalidationTimeoutMs: ms('invalidationTimeout', 1),
    maxInFlight: wholeNumber(orDefault(given.maxInFlight, 10_000), `${where}.maxInFlight`, {
      min: 1,
      max: Infinity,
    }),
    maxConcurrentLoads: wholeNumber(orDefault(given.maxConcurrentLoads, 100), `${where}.maxConcurrentLoads`, {
      min: 1,
      max: Infinity,
    }),
    clock: clock ?? systemClock,
    logger: logger === undefined ? silentLogger : harmless(logger),
  };
}

/** Only what is left out has a default: null is a mistake. */
function orDefault<T>(given: T | undefined, fallback: T): T {
  return given === undefined ? fallback : given;
}

const CLOCK_METHODS = ['now', 'coarseNow', 'wallNow', 'schedule', 'random'] as const;
const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** A logger that fails, say for want of disk, is not to be the end of a call (P13). */
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

function checkStore(store: unknown): CacheStore | StoreName {
  if (typeof store === 'string') {
    const name = STORE_NAMES.find((known) => known === store);
    if (name !== undefined) return name;
    throw invalidOption(
      'CacheManager.store',
      `a store, or one of ${STORE_NAMES.map((known) => `'${known}'`).join(', ')}`,
      store,
    );
  }
  const methods = ['get', 'set', 'delete', 'clear', 'connect', 'disconnect', 'isConnected'] as const;
  const missing = methods.filter(
    (name) => typeof (store as Record<string, unknown> | null)?.[name] !== 'function',
  );
  if (missing.length === 0) return store as CacheStore;
  throw invalidOption(
    'CacheManager.store',
    `a store (it lacks ${missing.join(', ')}), or the name of one`,
    store,
  );
}

/** These belong to a store that speaks to the outside, and a made one has its own. */
function refuseStoreOptions(names: ReadonlySet<string>, store: CacheStore | StoreName): void {
  const refused = ['connection', 'serializer', 'compression', 'cluster'].find((name) => names.has(name));
  if (refused === undefined) return;
  const reason =
    store === 'memory'
      ? 'memory keeps the values themselves; leave it out, or name another store'
      : 'the store is made already; give it to the store instead';
  throw new CacheError(
    `CacheManager.${refused} cannot be used here: ${reason}.`,
    CacheErrorCode.INVALID_CONFIGURATION,
    {
      details: { option: refused },
    },
  );
}
