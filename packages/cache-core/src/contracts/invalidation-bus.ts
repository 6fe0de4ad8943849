import type { StampName } from './stamp.ts';

/**
 * Tells the processes that share a store what has been invalidated, and is honest about what it may have missed.
 *
 * A bus can only make a cache colder, never wrong: messages name keys and stamps and carry no values. It numbers its
 * messages, proves to itself several times per `maxStalenessMs` that they arrive, and reports every doubt as a gap.
 * What a store announces by itself it announces on its own bus; only on a bus that was passed does the engine publish.
 */
export interface InvalidationBus {
  /**
   * Whether messages are published by the store, in the same step as the invalidation itself. Then the engine never
   * publishes.
   */
  readonly announcedByStore: boolean;
  /**
   * Begins to listen. Does not wait for the network: as long as `subscriber.alive` has not been called, the
   * subscriber keeps nothing on the bus's word. Never throws for a network's sake.
   */
  subscribe(subscriber: BusSubscriber, options: BusOptions): BusSubscription;
}

export interface BusOptions {
  /** The D of the promises; the bus proves itself at least three times within it. `Infinity`: never. */
  readonly maxStalenessMs: number;
}

export interface BusSubscription {
  /**
   * Tells all other subscribers. Own messages do not come back.
   * @throws STORE_UNAVAILABLE, OPERATION_TIMEOUT where the message may not have been sent.
   */
  publish(message: BusMessage): Promise<void>;
  /** Stops listening. No call-back runs after it has been called. */
  close(): Promise<void>;
}

export interface BusSubscriber {
  /**
   * A message of another process, or of another instance of the store in this one; also of what the store's own seven
   * methods have done beside its caches, where the bus is that store's. Own messages, asked for through the shared operations, are not delivered.
   */
  invalidated(message: BusMessage): void;
  /** Messages may have been lost, or could not be read: everything that rests on the bus must go. */
  gap(cause: BusGap): void;
  /**
   * Everything that was announced before `sinceMs`, a moment of the monotonic clock, has been delivered. An own copy
   * may be served until `sinceMs + maxStalenessMs`. `Infinity`: for ever, where nothing can be lost.
   */
  alive(sinceMs: number): void;
}

/** Why a bus cannot vouch for what was sent: the counters of flushes are kept by these names. */
export type BusGap = 'lost' | 'closed' | 'silent' | 'rewound' | 'unreadable' | 'restarted';

export interface BusMessage {
  /** Addresses whose entries are gone, or stale in mode `expire`. */
  readonly keys: readonly string[];
  /** Stamps that have moved. */
  readonly stamps: readonly StampName[];
}
