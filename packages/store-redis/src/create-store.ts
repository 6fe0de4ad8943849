import { CacheError, CacheErrorCode } from '@larder/cache-core';
import type { CacheStore, CreateStore } from '@larder/cache-core/store';
import { RedisStore } from './redis-store.ts';
import type { RedisStoreOptions, RedisTargetArgument } from './redis-store-options.ts';

/**
 * The store behind `new CacheManager({ store: 'redis' })`. `connection` is a URL, options, or a client; without it `REDIS_URL`
 * counts, and without that the server on this machine.
 * @throws CacheError `INVALID_CONFIGURATION`
 */
export const createStore: CreateStore = ({ connection, cluster, ...options }): CacheStore => {
  if (cluster !== undefined) {
    throw new CacheError(
      'Redis Cluster is not supported yet. Leave the option cluster out, and connect to one server.',
      CacheErrorCode.INVALID_CONFIGURATION,
      { details: { option: 'cluster' } },
    );
  }
  const { prefix, serializer, compression, clock, logger } = options;
  const given: RedisStoreOptions = {
    prefix,
    clock,
    logger,
    ...(serializer === undefined ? {} : { serializer }),
    ...(compression === undefined ? {} : { compression }),
  };
  const target = connection ?? process.env.REDIS_URL;
  return new RedisStore(target as RedisTargetArgument | undefined, given);
};
