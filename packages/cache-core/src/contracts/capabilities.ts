import type { InvalidationBus } from './invalidation-bus.ts';
import type { SharedStore } from './shared-store.ts';

/**
 * What a store can do beyond `CacheStore`, as data. The conformance suite reads it to know which sections apply, the
 * engine to know what it may promise. A capability that is not announced is not used, and none is emulated where
 * that would lose a guarantee: the call is refused with `UNSUPPORTED`.
 */
export interface StoreCapabilities {
  /** The operations that carry the guarantees across processes. Absent: they hold in one process. */
  readonly shared?: SharedStore;
  /** The bus that this store announces its own invalidations on. Absent: it has none. */
  readonly bus?: InvalidationBus;
  readonly bulk?: BulkAccess;
  readonly timeToLive?: TimeToLive;
  readonly counters?: Counters;
  readonly listing?: KeyListing;
  readonly health?: StoreHealth;
  /** The store is a server, which may be slow, gone or replaced. Absent: it lives in this process. */
  readonly remote?: RemoteServer;
  /** Whether `set` with a version never replaces a higher one. Default `false`: versions are refused. */
  readonly versions?: boolean;
  /** Whether entries outlive this process. */
  readonly persistent?: boolean;
  /** What this store cannot promise, in words for a person. Shown by `healthCheck()` and in the documentation. */
  readonly limits?: readonly string[];
}

/** Several keys in one round trip. Answers are in the order of the keys; one key may stand there twice. */
export interface BulkAccess {
  getMany<T = unknown>(keys: readonly string[]): Promise<(T | null)[]>;
  /** @throws BULK_FAILED with `details.failed`, the indexes of the items that were not stored. */
  setMany(items: readonly BulkItem[]): Promise<void>;
  /** @throws BULK_FAILED with `details.failed`, the indexes of the keys that may still be there. */
  deleteMany(keys: readonly string[]): Promise<void>;
}

export interface BulkItem {
  readonly key: string;
  readonly value: unknown;
  /** Seconds, as in `CacheStore.set`. */
  readonly ttl?: number;
}

/** Reading and changing how long an entry lives. */
export interface TimeToLive {
  /** Seconds until the entry is no longer fresh, `Infinity` where it has no end, null where there is no entry. */
  ttl(key: string): Promise<number | null>;
  /** Sets the seconds to live from now. False where there is no entry; it never brings one back. */
  expire(key: string, ttl: number): Promise<boolean>;
}

/** Counting in one atomic step. */
export interface Counters {
  /**
   * Adds `by` (whole, may be negative) and answers the sum. An absent or expired counter begins at 0.
   * @param ttl seconds, given to a counter that begins; an existing one keeps its end.
   * @throws INVALID_VALUE where the entry is not a whole number.
   */
  increment(key: string, by: number, ttl?: number): Promise<number>;
}

/** Listing what is there. Never sees a key that is not this store's own. */
export interface KeyListing {
  /**
   * The keys that match, in no order; keys that come or go meanwhile may or may not appear.
   * @param pattern `*` any run of characters, `?` one character, `\` takes the next character as it is. Absent: all.
   */
  keys(pattern?: string): AsyncIterable<string>;
}

/** The way to a server. */
export interface RemoteServer {
  /**
   * Calls back each time the server can be reached again, so that what has been put off is tried at once.
   * @returns the function that stops it
   */
  onReady(listener: () => void): () => void;
}

/** How the store is, answered from memory: no I/O. */
export interface StoreHealth {
  health(): StoreHealthReport;
}

export interface StoreHealthReport {
  readonly connected: boolean;
  /** Milliseconds of the last round trip; null where none was made yet. */
  readonly latencyMs: number | null;
  /** Facts for a person. Never a URL with a password, a key or a value. */
  readonly details?: Readonly<Record<string, string | number | boolean>>;
}
