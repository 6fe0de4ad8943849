import type { CacheStore } from './cache-store.ts';
import type { Clock } from './clock.ts';
import type { CompressionOptions } from './compressor.ts';
import type { Logger } from './logger.ts';
import type { Serializer } from './serializer.ts';

/**
 * What a package `@larder/store-<name>` exports as `createStore`, so that a cache can be told its store by name.
 * @throws INVALID_CONFIGURATION where the options, or the environment that stands in for them, cannot work
 */
export type CreateStore = (options: StoreFactoryOptions) => CacheStore;

export interface StoreFactoryOptions {
  /** The store's own options, or a URL. Absent: from the environment (`REDIS_URL`, `MEMCACHED_SERVERS`, `DATABASE_URL`). */
  readonly connection?: unknown;
  /** What every key of the store begins with. */
  readonly prefix: string;
  readonly serializer?: Serializer;
  readonly compression?: CompressionOptions;
  /** Nodes and options of a cluster, as the store has them. */
  readonly cluster?: unknown;
  readonly clock: Clock;
  readonly logger: Logger;
}
