export { RedisBus, type RedisBusOptions } from './bus/redis-bus.ts';
export { createStore } from './create-store.ts';
export { RedisStore } from './redis-store.ts';
export type {
  IoredisClient,
  RedisAddressOptions,
  RedisConnectionOptions,
  RedisStoreOptions,
  RedisTargetArgument,
} from './redis-store-options.ts';
