import type { BusGap } from '../contracts/invalidation-bus.ts';
import type { CacheError } from '../errors/cache-error.ts';
import type { EvictionCause } from '../memory/evictions.ts';
import type { CircuitState } from '../resilience/circuit-breaker.ts';

/** What a cache tells its listeners. Keys are whole, as the caller gave them; values are never among it. */
export interface CacheEvents {
  /** A value was found, fresh or stale. */
  readonly hit: KeyEvent & { readonly source: 'l1' | 'l2'; readonly stale: boolean };
  /** Nothing fresh was found. */
  readonly miss: KeyEvent;
  /** A value was stored by `set`, `setMany` or `increment`, or was refused for a higher version. */
  readonly set: KeyEvent & {
    readonly ttlMs: number;
    readonly stored: boolean;
    readonly bytes: number;
    readonly compressed: boolean;
  };
  /** A key was deleted or expired by a call. */
  readonly delete: KeyEvent;
  /** Tags, a namespace or everything was invalidated, here (`own`) or by word of the bus. */
  readonly invalidated: {
    readonly tags: readonly string[];
    /** Paths of namespaces; `''` is everything. */
    readonly namespaces: readonly string[];
    readonly source: 'own' | 'bus';
  };
  /** A loader ended. */
  readonly load: KeyEvent & { readonly durationMs: number; readonly ok: boolean };
  /** A load was begun in the background, for a value that is stale, or soon will be. */
  readonly refresh: KeyEvent & { readonly cause: 'stale' | 'early' };
  /** An entry left this process's memory by itself. */
  readonly evict: KeyEvent & { readonly cause: EvictionCause };
  /** Something failed that the caller need not know of, or has been told of besides. */
  readonly error: { readonly error: CacheError | Error; readonly operation: string; readonly key?: string };
  /** The store's breaker changed. */
  readonly breaker: { readonly state: CircuitState; readonly cause: string };
  /** Memory was emptied because the bus could not vouch for it. */
  readonly flush: { readonly cause: BusGap };
}

interface KeyEvent {
  readonly key: string;
  /** Path of the namespace; `''` is the root. */
  readonly namespace: string;
}

export type CacheEvent = keyof CacheEvents;

export const CACHE_EVENTS: readonly CacheEvent[] = [
  'hit',
  'miss',
  'set',
  'delete',
  'invalidated',
  'load',
  'refresh',
  'evict',
  'error',
  'breaker',
  'flush',
];
