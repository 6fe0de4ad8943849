import { CacheError, CacheErrorCode, type CacheStore, type Clock, systemClock } from '@larder/cache-core';

/**
 * What a store may do instead of its work. `hangs`: never answers. `rejects`: with STORE_UNAVAILABLE. `throws`: before it
 * answers a promise. `nonsense`: does nothing and answers undefined. `slow`: works, `delayMs` later.
 */
export type StoreFault = 'hangs' | 'rejects' | 'throws' | 'nonsense' | 'slow';

/** Any store, seen through its seven methods, which fails when it is told to: to test what your application does then. */
export class FaultyStore implements CacheStore {
  readonly #inner: CacheStore;
  readonly #clock: Clock;
  #fault: StoreFault | null = null;
  #delayMs = 0;
  /** How often a method was called since the store was made, those that failed included. */
  calls = 0;

  constructor(inner: CacheStore, clock: Clock = systemClock) {
    this.#inner = inner;
    this.#clock = clock;
  }

  /** @param delayMs for `slow`; default 100 */
  fail(fault: StoreFault, delayMs = 100): void {
    this.#fault = fault;
    this.#delayMs = delayMs;
  }

  /** From now on it works again. What hangs goes on hanging. */
  heal(): void {
    this.#fault = null;
  }

  connect(): Promise<void> {
    return this.#do(() => this.#inner.connect());
  }

  disconnect(): Promise<void> {
    return this.#inner.disconnect();
  }

  isConnected(): boolean {
    return this.#fault === null && this.#inner.isConnected();
  }

  get<T>(key: string): Promise<T | null> {
    return this.#do(() => this.#inner.get<T>(key));
  }

  set<T>(key: string, value: T, ttl?: number): Promise<void> {
    return this.#do(() => this.#inner.set(key, value, ttl));
  }

  delete(key: string): Promise<void> {
    return this.#do(() => this.#inner.delete(key));
  }

  clear(): Promise<void> {
    return this.#do(() => this.#inner.clear());
  }

  // Not async: a store that throws does so at once.
  #do<T>(work: () => Promise<T>): Promise<T> {
    this.calls += 1;
    switch (this.#fault) {
      case null:
        return work();
      case 'hangs':
        return new Promise(() => undefined);
      case 'rejects':
        return Promise.reject(unavailable());
      case 'throws':
        throw unavailable();
      case 'nonsense':
        return Promise.resolve(undefined as T);
      case 'slow':
        return new Promise<void>((resolve) => {
          this.#clock.schedule(resolve, this.#delayMs);
        }).then(work);
    }
  }
}

function unavailable(): CacheError {
  return new CacheError('This store was told to fail.', CacheErrorCode.STORE_UNAVAILABLE, {
    retryable: true,
    details: { applied: 'no' },
  });
}
