import type { CacheManager } from '@larder/cache-core';
import type { WorkerTotals } from '../run/process-message.ts';

/** The counters of a cache as they are told to the parent. */
export class Tally {
  readonly #cache: CacheManager;
  #breakerOpenings = 0;
  #wasOpen = false;

  constructor(cache: CacheManager) {
    this.#cache = cache;
  }

  /** A listener for breaker changes would take hits off their usual path; a look now and then does not. */
  async look(): Promise<void> {
    const isOpen = (await this.#cache.healthCheck()).breaker?.state === 'open';
    if (isOpen && !this.#wasOpen) this.#breakerOpenings += 1;
    this.#wasOpen = isOpen;
  }

  totals(): WorkerTotals {
    const {
      hits,
      misses,
      staleHits,
      loads,
      joins,
      refusedFills,
      storeErrors,
      storeTimeouts,
      storeSkips,
      unreadable,
      flushes,
    } = this.#cache.stats();
    const breakerOpenings = this.#breakerOpenings;
    const counts = {
      hits,
      misses,
      staleHits,
      loads,
      joins,
      refusedFills,
      storeErrors,
      storeTimeouts,
      storeSkips,
      unreadable,
    };
    return { ...counts, breakerOpenings, flushes: { ...flushes } };
  }
}
