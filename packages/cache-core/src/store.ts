/** For authors of stores: the contracts a store implements, and the parts that they all need. */

export { Codec, type CodecOptions, type Decoded, type DecodedMeta, type Encoded } from './codec/codec.ts';
export type { DependencyVersion, EntryMeta } from './codec/entry-meta.ts';
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
export type {
  BusGap,
  BusMessage,
  BusOptions,
  BusSubscriber,
  BusSubscription,
  InvalidationBus,
} from './contracts/invalidation-bus.ts';
export type {
  EntryDraft,
  Fill,
  IncrementRequest,
  InvalidateOutcome,
  Invalidation,
  Lease,
  LeaseAnswers,
  LeaseHeld,
  LeaseOptions,
  LeaseRequest,
  ReadAnswer,
  ReadOptions,
  RetimeRequest,
  SharedEntry,
  SharedStore,
  StoreOutcome,
  UnreadableEntry,
  Write,
} from './contracts/shared-store.ts';
export type { AsOf, Seen, Stamp, StampName } from './contracts/stamp.ts';
export type { CreateStore, StoreFactoryOptions } from './contracts/store-factory.ts';
export { durationMs } from './duration.ts';
export { checkKey, escapeName, shownKey } from './key.ts';
export { patternMatcher } from './key-pattern.ts';
export { LatencyHistogram } from './observe/latency-histogram.ts';
export { redactUrl } from './observe/redact.ts';
export { silentLogger } from './observe/silent-logger.ts';
export { byteCount, checkOptions, invalidOption, ratio, wholeNumber } from './option-checks.ts';
export { CircuitBreaker, type CircuitBreakerOptions } from './resilience/circuit-breaker.ts';
export { Watchdog } from './resilience/deadline.ts';
export { checkValue } from './value.ts';
