/**
 * How long, and for what, the bus has vouched for memory (P4). By the monotonic clock alone; there is no timer, so a
 * process that was stopped finds at its first read that the lease has run out.
 */
export class L1Lease {
  readonly maxStalenessMs: number;
  #validUntilMs = 0;
  /** Of what began earlier than this the bus has not seen every invalidation. */
  #fromMs = Infinity;

  constructor(maxStalenessMs: number) {
    this.maxStalenessMs = maxStalenessMs;
  }

  isLive(nowMs: number): boolean {
    return nowMs < this.#validUntilMs;
  }

  /**
   * Everything announced between the beginning of the lease and `sinceMs` has been delivered.
   * @returns whether the lease begins with this
   */
  prove(sinceMs: number, nowMs: number): boolean {
    const begins = this.#fromMs === Infinity;
    if (begins) this.#fromMs = Math.min(sinceMs, nowMs);
    // A proof that arrives late must not shorten what a later one has given.
    this.#validUntilMs = Math.max(this.#validUntilMs, sinceMs + this.maxStalenessMs);
    return begins;
  }

  lose(): void {
    this.#validUntilMs = 0;
    this.#fromMs = Infinity;
  }

  /**
   * Whether what began at `startedMs` is no staler than promised: the bus has watched over it ever since, or it is
   * still so young (S6).
   */
  vouchesFor(startedMs: number, nowMs: number): boolean {
    return (
      (nowMs < this.#validUntilMs && startedMs >= this.#fromMs) || nowMs < startedMs + this.maxStalenessMs
    );
  }
}
