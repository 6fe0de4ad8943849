import type { Duration } from './duration.ts';
import type { StandardSchema } from './standard-schema.ts';

/** How a value is stored. Every member also stands among the options of a cache and of a namespace, as a default. */
export interface SetOptions {
  /** How long the value is fresh. Default: until it is evicted or invalidated. 0 = do not keep it (`set` deletes). */
  readonly ttl?: Duration | undefined;
  /** How much longer it is kept as stale, to be served while it is loaded anew or while the source fails. Default 0. */
  readonly grace?: Duration | undefined;
  /** Shortens the `ttl` by a random share of up to this, from 0 to 1, so that entries do not expire together. Default 0. */
  readonly jitter?: number | undefined;
  /** Tags to invalidate it by. They belong to the manager and are shared by all its namespaces. */
  readonly tags?: readonly string[] | undefined;
  /** A whole number that grows with the data: a value never replaces one with a higher version. */
  readonly version?: number | undefined;
  /** For or against compression, whatever the threshold says. */
  readonly compress?: boolean | undefined;
  /** A shorter life in this process's memory than in the shared store. Default: `ttl`. */
  readonly l1Ttl?: Duration | undefined;
  /**
   * What the value must look like: any Standard Schema. What is stored is the schema's output. A cached value that
   * does not match is a miss and is dropped; a loaded one is a failed load (VALIDATION_FAILED).
   */
  readonly schema?: StandardSchema | undefined;
}

/** How a value is got and, where a loader is given, loaded. */
export interface GetOptions extends SetOptions {
  /** With a stale value at hand: how long to wait for the load before that is answered. Default 0; `Infinity` = stale on error only. */
  readonly softTimeout?: Duration | undefined;
  /** A load that takes longer is aborted and its callers are rejected with OPERATION_TIMEOUT. Default `Infinity`. */
  readonly hardTimeout?: Duration | undefined;
  /** A load that is older takes no new callers; they start another. Default `'10s'`. */
  readonly stallTimeout?: Duration | undefined;
  /**
   * When a hit refreshes its entry in the background: after this share of the `ttl` (above 0, below 1), or
   * `'xfetch'`, at a random moment that comes the earlier the longer the load takes (Vattani et al., VLDB 2015,
   * β = 1). Default `false`.
   */
  readonly earlyRefresh?: number | 'xfetch' | false | undefined;
  /** How long to wait for another process's load before loading without storing. Default `'5s'`. */
  readonly leaseWait?: Duration | undefined;
  /** How long a loader's error is kept and answered to other callers. Default 0. */
  readonly errorTtl?: Duration | undefined;
  /** After a failed load, how long a key with a stale value answers that without trying again. Default `'1s'`; a key without one is not held back unless this is given. */
  readonly errorBackoff?: Duration | undefined;
  /** Tries of a failing loader beyond the first. Default none. */
  readonly retry?: RetryOptions | undefined;
  /** Frees this caller alone: its promise rejects with the signal's reason. The load is aborted when nobody waits. */
  readonly signal?: AbortSignal | undefined;
  /** Load although a fresh value is there. Default `false`. */
  readonly refresh?: boolean | undefined;
}

export interface RetryOptions {
  /** Tries beyond the first. Default 0. */
  readonly attempts?: number | undefined;
  /** Wait before the first of them. Default `'100ms'`. */
  readonly delay?: Duration | undefined;
  /** What the wait is multiplied by each time. Default 2. */
  readonly factor?: number | undefined;
  /** Longest wait. Default `'2s'`. */
  readonly maxDelay?: Duration | undefined;
  /** Share, 0 to 1, by which a wait is randomly shortened. Default 0. */
  readonly jitter?: number | undefined;
  /** Whether an error is worth another try. Default: every one but a CacheError that says it is not. */
  readonly retryable?: ((error: unknown) => boolean) | undefined;
}

/** How something is invalidated. */
export interface InvalidateOptions {
  /** `false`: this process alone forgets; the store and the other processes keep what they have. Default `true`. */
  readonly announce?: boolean | undefined;
}

/** One item of `setMany`. */
export interface CacheItem<T = unknown> extends SetOptions {
  readonly key: string;
  readonly value: T;
}

/** What `getEntry` answers. */
export interface CacheEntry<T = unknown> {
  readonly value: T;
  /** Past its `ttl`, within its `grace`. */
  readonly stale: boolean;
  /** Where it came from: this process's memory, the shared store, or a load that has just been made. */
  readonly source: 'l1' | 'l2' | 'loader';
  /** Milliseconds until it is stale: 0 where it is, `Infinity` where it never will be. */
  readonly freshMs: number;
  /** Milliseconds until it is gone, its grace included. */
  readonly keptMs: number;
  readonly tags: readonly string[];
}
