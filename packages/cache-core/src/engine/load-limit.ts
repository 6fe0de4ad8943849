import type { Clock } from '../contracts/clock.ts';

/**
 * Keeps a source from being crushed while the store is down: so many loads at a time, the others in line (P10). A load
 * waits for a limited time only and then goes all the same, so that loaders which call the cache themselves cannot
 * lock one another up.
 */
export class LoadLimit {
  readonly #clock: Clock;
  readonly #max: number;
  #running = 0;
  readonly #waiting = new Set<(inherits: boolean) => void>();

  constructor(clock: Clock, max: number) {
    this.#clock = clock;
    this.#max = max;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Resolves when it is this load's turn, or after `waitMs`. Every turn ends with {@link leave}. */
  async enter(waitMs: number): Promise<void> {
    if (this.#running >= this.#max) await this.#turn(waitMs);
    else this.#running += 1;
  }

  /** Whoever is next in line inherits the turn, so that nobody takes it in between. */
  leave(): void {
    if (this.#running <= this.#max) {
      for (const next of this.#waiting) {
        next(true);
        return;
      }
    }
    this.#running -= 1;
  }

  #turn(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const go = (inherits: boolean): void => {
        this.#waiting.delete(go);
        timer.cancel();
        if (!inherits) this.#running += 1;
        resolve();
      };
      const timer = this.#clock.schedule(() => go(false), Math.min(waitMs, MAX_WAIT_MS));
      this.#waiting.add(go);
    });
  }
}

const MAX_WAIT_MS = 2 ** 31 - 1;
