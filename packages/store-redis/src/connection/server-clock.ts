import type { Clock } from '@larder/cache-core';

/**
 * What the server's clock says at least, by our monotonic clock (`docs/decisions/0002`). Nothing is compared with this process's
 * wall clock, so neither its skew nor its steps matter.
 *
 * A reading was taken somewhere between question and answer. Had it been at the very moment of the answer, the server's time would
 * be `now + offset` with the smallest offset that can be; so much is certain, and of several readings the one that makes most
 * certain counts. Time told like this is late by less than a round trip and never early: nothing runs out before its time.
 */
export class ServerClock {
  readonly #clock: Clock;
  /** Server time minus ours, in microseconds, at least. */
  #offsetUs: number | null = null;
  /** When {@link learn} was last called; `-Infinity` before. */
  learntMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether {@link nowUs} can answer. */
  get isKnown(): boolean {
    return this.#offsetUs !== null;
  }

  /** Microseconds since 1970 by the server's clock. 0 before the first reading. */
  nowUs(): number {
    return this.#offsetUs === null ? 0 : this.#clock.now() * 1000 + this.#offsetUs;
  }

  /**
   * Takes a reading of `TIME` into account.
   * @param serverUs what the server answered
   * @param sentMs when it was asked, by our monotonic clock
   */
  learn(serverUs: number, sentMs: number): void {
    if (!Number.isFinite(serverUs)) return;
    const takenMs = this.#clock.now();
    this.learntMs = takenMs;
    const leastUs = serverUs - takenMs * 1000;
    const mostUs = serverUs - sentMs * 1000;
    // More than can be: the server's clock was set back, or runs slower than ours.
    const holds = this.#offsetUs !== null && this.#offsetUs <= mostUs;
    this.#offsetUs = holds ? Math.max(this.#offsetUs!, leastUs) : leastUs;
  }

  /** Another server may answer now. */
  forget(): void {
    this.#offsetUs = null;
    this.learntMs = Number.NEGATIVE_INFINITY;
  }
}

/** The answer of `TIME` in microseconds; `NaN` where it is none. */
export function timeReply(reply: unknown): number {
  if (!Array.isArray(reply) || reply.length !== 2) return Number.NaN;
  return Number(String(reply[0])) * 1e6 + Number(String(reply[1]));
}
