export { LocalBus } from './bus/local-bus.ts';
export { ManualClock, type ManualClockOptions } from './clock/manual-clock.ts';
export { SystemClock, systemClock } from './clock/system-clock.ts';
export { Compressor } from './codec/compressor.ts';
export { JSONSerializer, type JSONSerializerOptions } from './codec/json-serializer.ts';
export { MessagePackSerializer } from './codec/message-pack-serializer.ts';
export type { CacheStore } from './contracts/cache-store.ts';
export type {
  BulkAccess,
  BulkItem,
  Counters,
  KeyListing,
  RemoteServer,
  StoreCapabilities,
  StoreHealth,
  StoreHealthReport,
  TimeToLive,
} from './contracts/capabilities.ts';
export type { Clock, Scheduled, ScheduleOptions } from './contracts/clock.ts';
export type { CompressionAlgorithm, CompressionOptions } from './contracts/compressor.ts';
export type { Duration } from './contracts/duration.ts';
export type {
  BusGap,
  BusMessage,
  BusOptions,
  BusSubscriber,
  BusSubscription,
  InvalidationBus,
} from './contracts/invalidation-bus.ts';
export type {
  BatchLoadContext,
  BatchLoaded,
  BatchLoader,
  LoadContext,
  LoadedOptions,
  Loader,
  StaleValue,
} from './contracts/loader.ts';
export type { Logger, LogMethod } from './contracts/logger.ts';
export type {
  CacheEntry,
  CacheItem,
  GetOptions,
  InvalidateOptions,
  RetryOptions,
  SetOptions,
} from './contracts/options.ts';
export type { Serializer } from './contracts/serializer.ts';
export type {
  StandardIssue,
  StandardResult,
  StandardSchema,
  StandardSchemaProps,
} from './contracts/standard-schema.ts';
export { CacheError, type CacheErrorOptions, isCacheError } from './errors/cache-error.ts';
export { CacheErrorCode } from './errors/error-code.ts';
export { CacheManager, type CloseOptions } from './manager/cache-manager.ts';
export type { CacheNamespace, CacheView, TaggedCache } from './manager/cache-view.ts';
export type { HealthStatus } from './manager/health.ts';
export type { CacheManagerOptions, DefaultOptions, StoreName } from './manager/manager-options.ts';
export type { NamespaceOptions } from './manager/namespace-options.ts';
export type { EvictionCause } from './memory/evictions.ts';
export type { Isolation } from './memory/isolation.ts';
export type { MemoryStoreOptions } from './memory/memory-options.ts';
export { type Eviction, type MemoryStatistics, MemoryStore } from './memory/memory-store.ts';
export type { EventListener } from './observe/emitter.ts';
export type { CacheEvent, CacheEvents } from './observe/events.ts';
export type { LatencySnapshot } from './observe/latency-histogram.ts';
export type { CacheStatistics, TimedOperation } from './observe/statistics.ts';
export type { CircuitSnapshot, CircuitState } from './resilience/circuit-breaker.ts';
