import type { CacheError, Clock, Logger } from '@larder/cache-core';

/** A fault that goes on, or comes and goes, is told this often. */
const REPEAT_MS = 60_000;
/** Changes that follow one another more closely than this are left out. */
const PAUSE_MS = 1_000;

/** Tells the logger when a connection goes down and when it comes back: once for each change, not for each attempt. */
export class ConnectionLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #fields: Readonly<Record<string, string>>;
  #toldMs = Number.NEGATIVE_INFINITY;
  #toldDown: string | null = null;

  constructor(logger: Logger, clock: Clock, fields: Readonly<Record<string, string>>) {
    this.#logger = logger;
    this.#clock = clock;
    this.#fields = fields;
  }

  up(): void {
    if (this.#toldDown === null) return;
    this.#toldDown = null;
    this.#logger.info(this.#fields, 'the connection to Redis is back');
  }

  down(failure: CacheError): void {
    const nowMs = this.#clock.now();
    const sinceMs = nowMs - this.#toldMs;
    if (sinceMs < (this.#toldDown === failure.message ? REPEAT_MS : PAUSE_MS)) return;
    this.#toldMs = nowMs;
    this.#toldDown = failure.message;
    this.#logger.warn({ ...this.#fields, code: failure.code }, failure.message);
  }

  listenerFailed(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.#logger.error({ ...this.#fields, reason }, 'a listener of a connection to Redis failed');
  }
}
