import { CacheManager, type CacheManagerOptions, ManualClock } from '@larder/cache-core';
import type { BusMessage, BusSubscriber } from '@larder/cache-core/store';
import { Steps } from './schedule-steps.ts';
import { slowed } from './schedule-stores.ts';
import { type AttachedStore, SharedMemory } from './shared-memory.ts';

/** One simulated process: a store instance with its cache. */
export interface Process {
  readonly store: AttachedStore;
  readonly cache: CacheManager;
  /** What its cache has told its bus to call. */
  readonly subscriber: BusSubscriber;
}

/** Simulated processes on one shared memory, whose stores answer at once. */
export class Processes {
  readonly clock = new ManualClock();
  readonly memory = new SharedMemory(this.clock);
  readonly steps = new Steps();

  start(options: CacheManagerOptions = {}): Process {
    const store = this.memory.attach();
    const cache = new CacheManager({ store, clock: this.clock, ...options });
    return {
      store,
      cache,
      get subscriber() {
        return store.subscriber!;
      },
    };
  }

  /** From now on every operation of the store waits for its turn, twice: to take place, and to be answered. */
  slow({ store }: Process): void {
    slowed(store, this.steps, [...this.memory.attached].indexOf(store));
  }

  fast({ store }: Process): void {
    store.before = () => undefined;
    store.after = () => undefined;
  }

  /** From now on messages for this process wait here until they are let through. */
  holdMessages({ store }: Process): { readonly messages: BusMessage[]; deliver(): void; lose(): void } {
    const waiting: (() => void)[] = [];
    const messages: BusMessage[] = [];
    store.deliver = (message, now) => {
      messages.push(message);
      waiting.push(now);
    };
    return {
      messages,
      deliver: () => {
        for (const now of waiting.splice(0)) now();
      },
      lose: () => {
        waiting.length = 0;
      },
    };
  }
}

/** A loader that ends when it is told to, and counts. */
export class ManualLoader<T> {
  calls = 0;
  readonly #waiting: { readonly resolve: (value: T) => void; readonly reject: (error: Error) => void }[] = [];

  readonly load = (): Promise<T> => {
    this.calls += 1;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
  };

  /** Ends the oldest load that is under way. */
  end(value: T): void {
    this.#waiting.shift()!.resolve(value);
  }

  fail(error: Error): void {
    this.#waiting.shift()!.reject(error);
  }

  get running(): number {
    return this.#waiting.length;
  }
}
