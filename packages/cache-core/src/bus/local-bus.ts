import type {
  BusMessage,
  BusSubscriber,
  BusSubscription,
  InvalidationBus,
} from '../contracts/invalidation-bus.ts';

/**
 * A bus within one process: for several caches side by side, each with a memory of its own, and for tests. Delivery is
 * immediate and nothing can be lost, so what rests on it never goes stale.
 */
export class LocalBus implements InvalidationBus {
  readonly announcedByStore = false;
  readonly #subscribers = new Map<object, BusSubscriber>();

  subscribe(subscriber: BusSubscriber): BusSubscription {
    const id = {};
    this.#subscribers.set(id, subscriber);
    subscriber.alive(Infinity);
    return {
      publish: async (message) => this.#tellOthers(id, message),
      close: async () => {
        this.#subscribers.delete(id);
      },
    };
  }

  #tellOthers(sender: object, message: BusMessage): void {
    for (const [id, subscriber] of this.#subscribers) {
      if (id !== sender) subscriber.invalidated(message);
    }
  }
}
