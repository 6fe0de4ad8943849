import { setTimeout as pause } from 'node:timers/promises';
import type { CacheManager } from '@larder/cache-core';
import { waitFor } from '@larder/store-testkit/services';

/** A read, with the moment at which it began. */
interface Observed {
  readonly beganMs: number;
  readonly value: unknown;
}

const running = new Set<Reader>();

/** For the end of a test, however it ends. */
export async function stopReaders(): Promise<void> {
  await Promise.allSettled([...running].map((reader) => reader.stop()));
}

/**
 * Reads one key again and again, as an application does, and can tell how stale its answers were. A slow answer does not hold up the
 * next read.
 */
export class Reader {
  readonly #cache: CacheManager;
  readonly #key: string;
  readonly #source: () => unknown;
  readonly #reads: Observed[] = [];
  readonly #pending = new Set<Promise<void>>();
  #stopped = false;
  readonly #done: Promise<void>;

  constructor({ cache }: { readonly cache: CacheManager }, key: string, source: () => unknown) {
    running.add(this);
    this.#cache = cache;
    this.#key = key;
    this.#source = source;
    this.#done = this.#run();
  }

  get count(): number {
    return this.#reads.length;
  }

  get last(): unknown {
    return this.#reads.at(-1)?.value;
  }

  /** Resolves when a read has answered this. */
  async saw(value: unknown): Promise<void> {
    await waitFor(() => this.last === value, {
      what: `the reader to see ${String(value)}`,
      timeoutMs: 10_000,
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    running.delete(this);
    await this.#done;
    await Promise.all(this.#pending);
  }

  /** For how long after a moment reads that began later still answered this: 0 where none did. */
  staleMs(value: unknown, sinceMs: number): number {
    const stale = this.#reads.filter((read) => read.value === value && read.beganMs > sinceMs);
    return Math.max(0, ...stale.map(({ beganMs }) => beganMs - sinceMs));
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      this.#read();
      // Leaves the machine to others.
      await pause(1);
      // No more than the store can take while it does not answer.
      if (this.#pending.size > 50) await Promise.race(this.#pending);
    }
  }

  #read(): void {
    const beganMs = performance.now();
    const reading = this.#cache
      .get(this.#key, this.#source)
      .then(
        (value) => void this.#reads.push({ beganMs, value }),
        (error: unknown) => {
          this.#stopped = true;
          this.#reads.push({ beganMs, value: error });
        },
      )
      .finally(() => this.#pending.delete(reading));
    this.#pending.add(reading);
  }
}
