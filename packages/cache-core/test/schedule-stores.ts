import type { CacheStore, StoreCapabilities } from '@larder/cache-core/store';
import type { Steps } from './schedule-steps.ts';
import type { AttachedStore } from './shared-memory.ts';

/** Makes every operation of a shared store wait for its turn twice: until it takes place, and until its answer arrives. */
export function slowed(store: AttachedStore, steps: Steps, process: number): AttachedStore {
  store.before = (operation) => steps.wait(`${process} ${operation} takes place`);
  store.after = (operation) => steps.wait(`${process} ${operation} is answered`);
  return store;
}

/** A store of seven methods that takes its time, as a remote one would. */
export class SlowPlainStore implements CacheStore {
  capabilities: StoreCapabilities | undefined;
  readonly #entries: Map<string, unknown>;
  readonly #steps: Steps;

  /** @param entries given to two of them, they are two processes' ways to one server */
  constructor(steps: Steps, entries = new Map<string, unknown>()) {
    this.#steps = steps;
    this.#entries = entries;
  }

  /** From now on it can count, too. To be called before a cache is made of it. */
  countable(): this {
    const increment = (key: string, by: number): Promise<number> =>
      this.#slowly('increment', () => {
        const sum = ((this.#entries.get(key) as number | undefined) ?? 0) + by;
        this.#entries.set(key, sum);
        return sum;
      });
    this.capabilities = { counters: { increment } };
    return this;
  }

  async connect(): Promise<void> {}
  async disconnect(): Promise<void> {}
  isConnected(): boolean {
    return true;
  }

  get<T>(key: string): Promise<T | null> {
    return this.#slowly('get', () => (this.#entries.get(key) as T | undefined) ?? null);
  }

  set<T>(key: string, value: T): Promise<void> {
    return this.#slowly('set', () => void this.#entries.set(key, value));
  }

  delete(key: string): Promise<void> {
    return this.#slowly('delete', () => void this.#entries.delete(key));
  }

  clear(): Promise<void> {
    return this.#slowly('clear', () => this.#entries.clear());
  }

  async #slowly<T>(operation: string, work: () => T): Promise<T> {
    await this.#steps.wait(`plain ${operation} takes place`);
    const answer = work();
    await this.#steps.wait(`plain ${operation} is answered`);
    return answer;
  }
}
