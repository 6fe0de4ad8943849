import type { CacheError, Clock } from '@larder/cache-core';

const SHORTEST_MS = 25;
const LONGEST_MS = 1_000;
/** A connection that lasted this long was a good one. */
const STABLE_MS = 1_000;
/** Trying often does not mend these; but a password may be changed, and a server be replaced. */
const SLOW_REPLIES: ReadonlySet<unknown> = new Set(['NOAUTH', 'WRONGPASS', 'NOPERM', 'ERR']);

/** How long to wait before the next attempt: 25 ms, doubling up to 1 s, each shortened by up to half at random. */
export class Backoff {
  readonly #clock: Clock;
  #failures = 0;
  #connectedMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether connections have been made and lost again in quick succession. */
  get isFlapping(): boolean {
    return this.#failures > 1;
  }

  reset(): void {
    this.#failures = 0;
  }

  connected(): void {
    this.#connectedMs = this.#clock.now();
  }

  afterLoss(): number {
    if (this.#clock.now() - this.#connectedMs >= STABLE_MS) this.#failures = 0;
    return this.#next();
  }

  afterFailure(failure: CacheError): number {
    if (!SLOW_REPLIES.has(failure.details.reply)) return this.#next();
    this.#failures = Math.log2(LONGEST_MS / SHORTEST_MS);
    return this.#next();
  }

  #next(): number {
    const delayMs = Math.min(LONGEST_MS, SHORTEST_MS * 2 ** this.#failures);
    this.#failures += 1;
    return delayMs * (1 - this.#clock.random() / 2);
  }
}
