import type { Clock } from '../contracts/clock.ts';

/** Work that nobody waits for, until somebody closes. Nothing in it can become an unhandled rejection. */
export class Background {
  readonly #running = new Set<Promise<void>>();
  readonly #onError: (error: unknown, operation: string, key?: string) => void;

  constructor(onError: (error: unknown, operation: string, key?: string) => void) {
    this.#onError = onError;
  }

  get size(): number {
    return this.#running.size;
  }

  /** Registers work that has begun. */
  add(work: Promise<unknown>, operation: string, key?: string): void {
    const done: Promise<void> = work.then(
      () => this.#ended(done),
      (error: unknown) => {
        this.#ended(done);
        this.#onError(error, operation, key);
      },
    );
    this.#running.add(done);
  }

  /** Resolves when all that runs now, and all that it starts, has ended; false where that takes longer than `withinMs`. */
  async drained(clock: Clock, withinMs: number): Promise<boolean> {
    const endMs = clock.now() + withinMs;
    while (this.#running.size > 0) {
      const leftMs = endMs - clock.now();
      if (leftMs <= 0) return false;
      await either(Promise.all(this.#running), clock, leftMs);
    }
    return true;
  }

  #ended(done: Promise<void>): void {
    this.#running.delete(done);
  }
}

/** Waits for the work, but no longer than so many milliseconds. */
function either(work: Promise<unknown>, clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = ms === Infinity ? null : clock.schedule(resolve, ms);
    void work.then(() => {
      timer?.cancel();
      resolve();
    });
  });
}
