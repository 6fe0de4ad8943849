import type { SetOptions } from './options.ts';

/**
 * Reads the source. Called once for all who ask for a key at a time. What it answers is cached; `undefined` means
 * that there is nothing: the caller gets null and nothing is stored. What it throws reaches every caller, unless a
 * stale value can be served, and is not cached.
 */
export type Loader<T> = (context: LoadContext) => T | Promise<T>;

/**
 * Reads the source for several keys in one call: a `Map` of the keys that were found, or an array of the same length
 * and order as `keys`. A key that is absent from the map, or `undefined` in the array, is absent.
 */
export type BatchLoader<T> = (
  keys: readonly string[],
  context: BatchLoadContext,
) => BatchLoaded<T> | Promise<BatchLoaded<T>>;

export type BatchLoaded<T> = ReadonlyMap<string, T> | readonly (T | undefined)[];

/** What a loader may know and say about its load. */
export interface LoadContext {
  /** The key as the caller gave it. */
  readonly key: string;
  /** Aborted at `hardTimeout`, when the last caller has left, or when the cache closes. */
  readonly signal: AbortSignal;
  /** The value that this load is to replace, where one is still kept; for conditional requests. Null otherwise. */
  readonly stale: StaleValue | null;
  /** Changes how the value will be stored, now that it is known. Later calls add to earlier ones. */
  setOptions(options: LoadedOptions): void;
  /** Adds tags to what will be stored. */
  tags(tags: readonly string[]): void;
  /** The value is answered but not stored. */
  skip(): void;
}

export interface BatchLoadContext {
  readonly signal: AbortSignal;
  /** As {@link LoadContext.setOptions}, for one key of the batch, or for all where no key is given. */
  setOptions(options: LoadedOptions, key?: string): void;
  tags(tags: readonly string[], key?: string): void;
  skip(key?: string): void;
}

export interface StaleValue {
  readonly value: unknown;
  /** Milliseconds for which it has been stale; 0 or less when it is still fresh. */
  readonly staleMs: number;
}

/** What can still be said about a value once it is loaded. */
export type LoadedOptions = Pick<
  SetOptions,
  'ttl' | 'grace' | 'jitter' | 'tags' | 'version' | 'compress' | 'l1Ttl'
>;
