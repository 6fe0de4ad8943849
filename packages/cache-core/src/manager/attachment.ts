import type { Hub } from '../engine/hub.ts';
import { CacheError } from '../errors/cache-error.ts';
import { CacheErrorCode } from '../errors/error-code.ts';

/**
 * The tie between a manager with all its views and the hub of its store: there from the start, or, for a store given by
 * name, once its package is loaded at the first use.
 */
export class Attachment {
  hub: Hub | null;
  closed = false;
  readonly #open: () => Promise<Hub>;
  #opening: Promise<Hub> | null = null;

  constructor(hub: Hub | null, open: () => Promise<Hub>) {
    this.hub = hub;
    this.#open = open;
  }

  /**
   * The hub. A failure rejects every call alike: it is a wrong configuration.
   * @throws CLOSED, INVALID_CONFIGURATION
   */
  async ready(): Promise<Hub> {
    if (this.closed) throw closedError();
    if (this.hub !== null) return this.hub;
    this.#opening ??= this.#open();
    const hub = await this.#opening;
    this.hub = hub;
    if (this.closed) throw closedError();
    return hub;
  }

  /** Waits for an opening under way, whatever becomes of it. */
  async settled(): Promise<Hub | null> {
    await this.#opening?.catch(() => undefined);
    return this.hub;
  }
}

export function closedError(): CacheError {
  return new CacheError('This cache has been closed. Create another one to go on.', CacheErrorCode.CLOSED);
}

export function notConnected(withinMs: number | null, cause?: unknown): CacheError {
  return new CacheError(
    withinMs === null
      ? 'The store could not be reached.'
      : `The store could not be reached within ${withinMs} ms.`,
    CacheErrorCode.STORE_UNAVAILABLE,
    { cause, retryable: true },
  );
}
