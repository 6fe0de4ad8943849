import type {
  BusGap,
  BusMessage,
  BusSubscriber,
  BusSubscription,
  InvalidationBus,
} from '../contracts/invalidation-bus.ts';

/** Whose memory rests on the bus. */
export interface BusDependent {
  /** Until then the bus has vouched for memory. */
  l1ValidUntilMs: number;
  hasLiveLease(): boolean;
  heard(message: BusMessage): void;
  flush(cause: BusGap): void;
}

/** Where a hub hears of what others have invalidated, and keeps its L1 lease (P3, P4). */
export class BusLink implements BusSubscriber {
  readonly #bus: InvalidationBus;
  readonly #hub: BusDependent;
  readonly #maxStalenessMs: number;
  #subscription: BusSubscription | null = null;
  #alive = false;
  #lastGap: BusGap | null = null;

  constructor(bus: InvalidationBus, hub: BusDependent, maxStalenessMs: number) {
    this.#bus = bus;
    this.#hub = hub;
    this.#maxStalenessMs = maxStalenessMs;
  }

  get announcedByStore(): boolean {
    return this.#bus.announcedByStore;
  }

  /** For `healthCheck`: whether it vouches for memory, and why it last did not. */
  get health(): { readonly alive: boolean; readonly lastGap: BusGap | null } {
    return { alive: this.#alive && this.#hub.hasLiveLease(), lastGap: this.#lastGap };
  }

  /** Begins to listen. Harmless when repeated. */
  open(): void {
    this.#subscription ??= this.#bus.subscribe(this, { maxStalenessMs: this.#maxStalenessMs });
  }

  /** Tells the others, where the store does not do it in the invalidation itself. */
  async announce(message: BusMessage): Promise<void> {
    if (this.#bus.announcedByStore) return;
    this.open();
    await this.#subscription!.publish(message);
  }

  async close(): Promise<void> {
    const subscription = this.#subscription;
    this.#subscription = null;
    await subscription?.close();
  }

  invalidated(message: BusMessage): void {
    this.#hub.heard(message);
  }

  gap(cause: BusGap): void {
    this.#alive = false;
    this.#lastGap = cause;
    this.#hub.flush(cause);
  }

  alive(sinceMs: number): void {
    this.#alive = true;
    // A proof that arrives late must not shorten what a later one has given.
    this.#hub.l1ValidUntilMs = Math.max(this.#hub.l1ValidUntilMs, sinceMs + this.#maxStalenessMs);
  }
}
