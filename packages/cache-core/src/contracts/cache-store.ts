import type { StoreCapabilities } from './capabilities.ts';

/**
 * A place where entries live: the small contract that anybody can implement in an afternoon.
 *
 * Everything beyond these seven methods is a capability (`capabilities.ts`), announced in
 * {@link CacheStore.capabilities}. Over a store that has these seven alone, a cache gives the guarantees that one
 * process can give, and says so in its own capabilities.
 */
export interface CacheStore {
  /** What else this store can do. Absent = nothing beyond the seven methods. */
  readonly capabilities?: StoreCapabilities;

  /**
   * Reaches the store. Optional to call: the first operation does it too. Resolves at once when connected already.
   * @throws STORE_UNAVAILABLE where the store cannot be reached, INVALID_CONFIGURATION where it never can be.
   */
  connect(): Promise<void>;
  /**
   * Releases what this instance opened; a client that the caller made stays open. Later calls reject with CLOSED until
   * `connect()`. Harmless when repeated.
   */
  disconnect(): Promise<void>;
  isConnected(): boolean;

  /** The value, or null where there is none, or none that is still fresh. */
  get<T = unknown>(key: string): Promise<T | null>;
  /**
   * Stores a value, replacing what was there.
   * @param ttl how long it stays fresh, in seconds, fractions allowed (a store that counts in whole units rounds up).
   *   Absent or `Infinity`: until it is evicted or deleted. 0 deletes.
   */
  set<T>(key: string, value: T, ttl?: number): Promise<void>;
  /** Removes the entry; resolves also where there was none. */
  delete(key: string): Promise<void>;
  /** Removes every entry of this store, and nothing that is not its own. */
  clear(): Promise<void>;
}
