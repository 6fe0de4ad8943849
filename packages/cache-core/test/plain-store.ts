import type { CacheStore, Clock } from '@larder/cache-core';

/** A store of seven methods and nothing else, as anybody might write it; where it can be made slow or dead. */
export class PlainStore implements CacheStore {
  readonly entries = new Map<string, { readonly value: unknown; readonly untilMs: number }>();
  /** Every operation with its key, in order. */
  readonly log: string[] = [];
  /** Called before every operation; a test makes it wait or throw. */
  before: (operation: string, key?: string) => Promise<void> | void = () => undefined;
  readonly #clock: Clock;
  #connected = true;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async connect(): Promise<void> {
    this.#connected = true;
  }

  async disconnect(): Promise<void> {
    this.#connected = false;
  }

  isConnected(): boolean {
    return this.#connected;
  }

  async get<T>(key: string): Promise<T | null> {
    await this.#begin('get', key);
    const entry = this.entries.get(key);
    return entry === undefined || this.#clock.now() >= entry.untilMs ? null : (entry.value as T);
  }

  async set<T>(key: string, value: T, ttl = Infinity): Promise<void> {
    await this.#begin('set', key);
    this.entries.set(key, { value, untilMs: this.#clock.now() + ttl * 1000 });
  }

  async delete(key: string): Promise<void> {
    await this.#begin('delete', key);
    this.entries.delete(key);
  }

  async clear(): Promise<void> {
    await this.#begin('clear');
    this.entries.clear();
  }

  async #begin(operation: string, key?: string): Promise<void> {
    this.log.push(key === undefined ? operation : `${operation} ${key}`);
    await this.before(operation, key);
  }
}
