import { CacheError, CacheErrorCode, type CacheStore, type Clock, systemClock } from '@larder/cache-core';
import { checkKey, checkValue, durationMs } from '@larder/cache-core/store';

/** A store of seven methods and nothing else, as anybody might write it in an afternoon. */
export class PlainStore implements CacheStore {
  readonly entries = new Map<string, { readonly value: unknown; readonly untilMs: number }>();
  readonly #clock: Clock;
  #isConnected = true;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  async connect(): Promise<void> {
    this.#isConnected = true;
  }

  async disconnect(): Promise<void> {
    this.#isConnected = false;
  }

  isConnected(): boolean {
    return this.#isConnected;
  }

  async get<T>(key: string): Promise<T | null> {
    const entry = this.#open().get(checkKey(key));
    return entry === undefined || this.#clock.now() >= entry.untilMs ? null : (entry.value as T);
  }

  async set<T>(key: string, value: T, ttl = Infinity): Promise<void> {
    const entries = this.#open();
    checkValue(checkKey(key), value);
    const ttlMs = durationMs(ttl, 'ttl');
    if (ttlMs === 0) entries.delete(key);
    else entries.set(key, { value, untilMs: this.#clock.now() + ttlMs });
  }

  async delete(key: string): Promise<void> {
    this.#open().delete(checkKey(key));
  }

  async clear(): Promise<void> {
    this.#open().clear();
  }

  #open(): Map<string, { readonly value: unknown; readonly untilMs: number }> {
    if (this.#isConnected) return this.entries;
    throw new CacheError(
      'This store is disconnected. Call connect() to use it again.',
      CacheErrorCode.CLOSED,
    );
  }
}
