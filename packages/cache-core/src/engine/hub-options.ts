import type { Clock } from '../contracts/clock.ts';
import type { InvalidationBus } from '../contracts/invalidation-bus.ts';
import type { Logger } from '../contracts/logger.ts';
import type { MemoryStoreOptions } from '../memory/memory-options.ts';

/** What is decided once for a store instance, by the first cache on it. */
export interface HubOptions {
  /** Undefined: memory in front of a store that has a bus, none in front of one that has not. */
  readonly l1: MemoryStoreOptions | boolean | undefined;
  /** Undefined: the store's own. */
  readonly bus: InvalidationBus | false | undefined;
  readonly maxStalenessMs: number;
  readonly storeTimeoutMs: number;
  readonly invalidationTimeoutMs: number;
  readonly maxInFlight: number;
  readonly maxConcurrentLoads: number;
  readonly clock: Clock;
  readonly logger: Logger;
}
