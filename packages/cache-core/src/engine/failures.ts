/** A load that failed, and what that means for the next callers. Instants of the clock. */
export interface Failure {
  readonly error: unknown;
  /** Until then callers get this error without another load. */
  readonly keptUntilMs: number;
  /** Until then callers with a stale value get that without another load. */
  readonly backoffUntilMs: number;
}

const MAX_FAILURES = 10_000;

/** The keys whose last load failed a short while ago. Bounded: beyond it the oldest is forgotten, and tried again. */
export class Failures {
  readonly #failures = new Map<string, Failure>();

  get isEmpty(): boolean {
    return this.#failures.size === 0;
  }

  get(address: string, nowMs: number): Failure | undefined {
    if (this.#failures.size === 0) return undefined;
    const failure = this.#failures.get(address);
    if (failure === undefined) return undefined;
    if (nowMs < failure.keptUntilMs || nowMs < failure.backoffUntilMs) return failure;
    this.#failures.delete(address);
    return undefined;
  }

  set(address: string, failure: Failure): void {
    this.#failures.delete(address);
    this.#failures.set(address, failure);
    if (this.#failures.size <= MAX_FAILURES) return;
    for (const oldest of this.#failures.keys()) {
      this.#failures.delete(oldest);
      return;
    }
  }

  delete(address: string): void {
    if (this.#failures.size > 0) this.#failures.delete(address);
  }

  clear(): void {
    this.#failures.clear();
  }
}
