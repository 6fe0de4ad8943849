import type { BusGap, Clock } from '@larder/cache-core';
import type {
  BusMessage,
  BusOptions,
  BusSubscriber,
  BusSubscription,
  InvalidationBus,
} from '@larder/cache-core/store';

/** The bus of one instance of a `RemoteMemory`: proves itself while the server answers, and says when it did not. */
export class RemoteMemoryLink implements InvalidationBus {
  readonly announcedByStore = true;
  readonly #clock: Clock;
  readonly #isUp: () => boolean;
  readonly #subscribers = new Set<BusSubscriber>();
  readonly #readyListeners = new Set<() => void>();

  constructor(clock: Clock, isUp: () => boolean) {
    this.#clock = clock;
    this.#isUp = isUp;
  }

  onReady(listener: () => void): () => void {
    this.#readyListeners.add(listener);
    return () => this.#readyListeners.delete(listener);
  }

  subscribe(subscriber: BusSubscriber, { maxStalenessMs }: BusOptions): BusSubscription {
    this.#subscribers.add(subscriber);
    const prove = (): void => {
      if (!this.#subscribers.has(subscriber)) return;
      if (this.#isUp()) subscriber.alive(this.#clock.now());
      this.#clock.schedule(prove, maxStalenessMs / 6, { ref: false });
    };
    prove();
    return {
      publish: async () => undefined,
      close: async () => {
        this.#subscribers.delete(subscriber);
      },
    };
  }

  receive(message: BusMessage): void {
    for (const subscriber of this.#subscribers) subscriber.invalidated(message);
  }

  lose(cause: BusGap): void {
    for (const subscriber of this.#subscribers) subscriber.gap(cause);
  }

  comeBack(cause: BusGap): void {
    for (const subscriber of this.#subscribers) {
      subscriber.gap(cause);
      subscriber.alive(this.#clock.now());
    }
    for (const listener of this.#readyListeners) listener();
  }
}
