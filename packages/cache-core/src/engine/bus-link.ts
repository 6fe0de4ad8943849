import type {
  BusGap,
  BusMessage,
  BusSubscriber,
  BusSubscription,
  InvalidationBus,
} from '../contracts/invalidation-bus.ts';
import { CacheError, isCacheError } from '../errors/cache-error.ts';
import { CacheErrorCode } from '../errors/error-code.ts';
import type { Watchdog } from '../resilience/deadline.ts';

/** Whose memory rests on the bus. */
export interface BusDependent {
  proven(sinceMs: number): void;
  hasLiveLease(): boolean;
  heard(message: BusMessage): void;
  flush(cause: BusGap): void;
  readonly watchdog: Watchdog;
  readonly options: { readonly invalidationTimeoutMs: number };
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
    const { watchdog, options } = this.#hub;
    const limitMs = options.invalidationTimeoutMs;
    try {
      await watchdog.guard(this.#subscription!.publish(message), limitMs, () => tooLate(limitMs));
    } catch (cause) {
      if (isCacheError(cause)) throw cause;
      const details = { applied: 'unknown' };
      throw new CacheError('The bus failed to announce an invalidation.', CacheErrorCode.STORE_FAILED, {
        cause,
        retryable: true,
        details,
      });
    }
  }

  async close(): Promise<void> {
    const subscription = this.#subscription;
    this.#subscription = null;
    await subscription?.close();
  }

  invalidated(message: BusMessage): void {
    if (isMessage(message)) this.#hub.heard(message);
    else this.gap('unreadable');
  }

  gap(cause: BusGap): void {
    this.#alive = false;
    this.#lastGap = cause;
    this.#hub.flush(cause);
  }

  alive(sinceMs: number): void {
    this.#alive = true;
    this.#hub.proven(sinceMs);
  }
}

/** What comes over a network is looked at before it is believed. */
function isMessage(message: unknown): message is BusMessage {
  const { keys, stamps } = (message ?? {}) as { readonly keys?: unknown; readonly stamps?: unknown };
  return areStrings(keys) && areStrings(stamps);
}

function areStrings(list: unknown): boolean {
  return Array.isArray(list) && list.every((one) => typeof one === 'string');
}

function tooLate(limitMs: number): CacheError {
  return new CacheError(
    `The bus did not announce an invalidation within ${limitMs} ms.`,
    CacheErrorCode.OPERATION_TIMEOUT,
    { retryable: true, details: { applied: 'unknown', limitMs } },
  );
}
