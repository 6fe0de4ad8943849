import { type BusMessage, CacheError, CacheErrorCode, type Clock, isCacheError } from '@larder/cache-core';

import { clientPart } from '../bus/bus-message.ts';
import type { ServerClock } from '../connection/server-clock.ts';

/** Where it is kept which own operations have come to an end, so that the bus knows what to make of their announcements. */
export interface OwnOperations {
  begin(): number;
  acknowledged(operation: number): void;
  lost(operation: number): void;
}

/** For operations beside the caches: to these they are another process's, which they hear of in any case. */
export const FOREIGN_OPERATIONS: OwnOperations = {
  begin: () => 1,
  acknowledged: () => undefined,
  lost: () => undefined,
};

/**
 * Makes mutations: gives each the message by which the server announces it, and notes what became of it. One whose answer never
 * came may be carried out yet; its announcement is then as good as another process's.
 */
export class Announcer {
  readonly #origin: string;
  readonly #own: OwnOperations;
  readonly #clock: Clock;
  readonly #serverClock: ServerClock;
  readonly #delayLimitMs: number;

  constructor(parts: {
    readonly origin: string;
    readonly own: OwnOperations;
    readonly clock: Clock;
    readonly serverClock: ServerClock;
    readonly delayLimitMs: number;
  }) {
    this.#origin = parts.origin;
    this.#own = parts.own;
    this.#clock = parts.clock;
    this.#serverClock = parts.serverClock;
    this.#delayLimitMs = parts.delayLimitMs;
  }

  /** Until when a mutation that begins now may be carried out, by our monotonic clock. */
  deadlineMs(): number {
    return this.#clock.now() + this.#delayLimitMs;
  }

  /** @param work sends the script, with the client part of its message */
  async mutate<T>({ keys, stamps }: BusMessage, work: (message: string) => Promise<T>): Promise<T> {
    const operation = this.#own.begin();
    const message = clientPart(this.#origin, operation, { keys, stamps });
    try {
      const answer = await work(message);
      this.#own.acknowledged(operation);
      return answer;
    } catch (error) {
      if (isCacheError(error) && error.details.applied === 'no') this.#own.acknowledged(operation);
      else this.#own.lost(operation);
      throw error;
    }
  }

  /**
   * Makes a mutation that must not be carried out late: one that waits in a socket, behind a stopped server, would overwrite what
   * has been written since. The script is told after which moment of the server's clock it has to do nothing.
   *
   * @param limitMs of {@link deadlineMs}, when the caller came
   * @param work sends the script with that moment; answers the server's time in microseconds where it was too late
   * @throws OPERATION_TIMEOUT with `applied: 'no'`
   */
  async inTime<T>(limitMs: number, work: (notAfterUs: string) => Promise<T | TooLate>): Promise<T> {
    for (let attempt = 0; attempt < 2; attempt++) {
      const sentMs = this.#clock.now();
      const answer = await work(Math.floor(this.#serverClock.nowUs() + (limitMs - sentMs) * 1000).toFixed(0));
      if (!(answer instanceof TooLate)) return answer;
      // Late by the server's clock; if not by ours, the server's was set meanwhile.
      this.#serverClock.forget();
      this.#serverClock.learn(answer.serverUs, sentMs);
      if (this.#clock.now() >= limitMs) break;
    }
    throw new CacheError(
      `The server was reached more than ${this.#delayLimitMs} ms after the write was sent; it was not carried out.`,
      CacheErrorCode.OPERATION_TIMEOUT,
      { retryable: true, details: { applied: 'no', limitMs: this.#delayLimitMs } },
    );
  }
}

/** The script came too late, and did nothing. */
export class TooLate {
  readonly serverUs: number;

  constructor(serverUs: number) {
    this.serverUs = serverUs;
  }
}
