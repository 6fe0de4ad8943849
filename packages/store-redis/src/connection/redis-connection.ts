import { CacheError, CacheErrorCode, type Clock, type Logger, type Scheduled } from '@larder/cache-core';
import type { Redis } from 'ioredis';
import { Attempt } from './attempt.ts';
import { Backoff } from './backoff.ts';
import { safeClientOptions } from './client-options.ts';
import { ConnectionLog } from './connection-log.ts';
import { RedisSession } from './redis-session.ts';
import type { RedisTarget } from './redis-target.ts';
import { connectionLost, translateError } from './translate-error.ts';

/**
 * `idle`: nobody has asked for it. `connecting`: for the first time, or right after a loss. `ready`. `down`: the last
 * attempt failed, another is made in the background. `closed`: until somebody calls `connect()`.
 */
export type ConnectionState = 'idle' | 'connecting' | 'ready' | 'down' | 'closed';

/** How many commands may wait for a connection that is being opened; each waits for one attempt at most. */
const MAX_WAITING = 100_000;
/** A server whose role cannot be seen is left for its READONLY no more often than this. */
const READONLY_PAUSE_MS = 1_000;

export interface RedisConnectionParts {
  readonly target: RedisTarget;
  readonly purpose: 'data' | 'bus';
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long one attempt may take, from the look-up of the name to the answer that the server is ready. */
  readonly connectTimeoutMs: number;
  /** How long nothing may arrive while an answer is due. `Infinity`: for ever. */
  readonly silenceMs: number;
  /** What `CLIENT LIST` shows. Default `larder-data`, `larder-bus`. */
  readonly duplicateName?: string;
}

/**
 * The way to one Redis server: opened when it is first needed, opened anew whenever it is lost, until `disconnect()`.
 * Attempts follow a loss after 25 ms, then at distances that double up to 1 s, with jitter; each has a client of its own, so
 * nothing that was sent before a loss is ever sent again.
 */
export class RedisConnection {
  readonly #parts: RedisConnectionParts;
  readonly #log: ConnectionLog;
  readonly #backoff: Backoff;
  readonly #readyListeners = new Set<() => void>();
  readonly #closedListeners = new Set<() => void>();
  #state: ConnectionState = 'idle';
  #session: RedisSession | null = null;
  #attempt: Attempt | null = null;
  #failure: CacheError | null = null;
  #retry: Scheduled | undefined;
  #waiting = 0;
  #latencyMs: number | null = null;
  #readonlyMs = Number.NEGATIVE_INFINITY;

  /** Opens nothing. */
  constructor(parts: RedisConnectionParts) {
    this.#parts = parts;
    this.#backoff = new Backoff(parts.clock);
    this.#log = new ConnectionLog(parts.logger, parts.clock, {
      server: parts.target.shown,
      purpose: parts.purpose,
    });
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Milliseconds of a round trip of the last second in which there were any; null before the first. */
  get latencyMs(): number | null {
    return this.#latencyMs;
  }

  /** The client of the present connection, another one after each; null unless ready. */
  get client(): Redis | null {
    return this.#session?.isReady === true ? this.#session.client : null;
  }

  /**
   * Resolves when commands can be sent; the first call begins to connect.
   * @throws CacheError `STORE_UNAVAILABLE` when the attempt under way fails, and at once while `down`; `CLOSED`
   */
  ready(): Promise<void> {
    switch (this.#state) {
      case 'ready':
        return Promise.resolve();
      case 'closed':
        return Promise.reject(this.#closedError());
      case 'down':
        return Promise.reject(this.#downError());
      case 'connecting':
        return this.#newAttempt().promise;
      case 'idle':
        this.#state = 'connecting';
        return this.#open();
    }
  }

  /** As {@link ready}, but tries at once while `down`, and begins anew after `disconnect()`. */
  connect(): Promise<void> {
    if (this.#state === 'closed') this.#state = 'idle';
    if (this.#state !== 'down') return this.ready();
    return this.#session === null ? this.#open() : this.#newAttempt().promise;
  }

  /** Ends it: pending and waiting commands reject, nothing is opened any more. Resolves when the socket is closed. */
  async disconnect(): Promise<void> {
    const session = this.#session;
    this.#retry?.cancel();
    this.#retry = undefined;
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#backoff.reset();
    this.#settle(this.#closedError());
    if (session === null) return;
    session.end('it was closed by disconnect()', CacheErrorCode.CLOSED);
    await session.closed();
  }

  /**
   * Drops the socket and connects again, where a caller knows that it is of no use. No effect unless there is one.
   * @param reason for people; without a full stop
   */
  drop(reason: string): void {
    this.#session?.end(reason);
  }

  /**
   * Sends one command: now, if ready, so that the order of calls is the order on the wire; else once `ready()` resolves.
   * @returns the reply: strings as Buffers, in arrays too
   * @throws CacheError with `details.applied`: `'no'` where it was not sent or the server refused it, `'unknown'` where the
   * connection died before the answer; `details.reply` is the first word of the server's error
   */
  send(command: string, args: readonly (string | Buffer | number)[]): Promise<unknown> {
    const session = this.#session;
    // The status is ahead of the event that ends the session.
    if (session?.isReady === true && session.client.status === 'ready') return session.send(command, args);
    return this.#sendWhenReady(command, args);
  }

  /** Calls back after each connection that was made. @returns the function that stops it */
  onReady(listener: () => void): () => void {
    return listen(this.#readyListeners, listener);
  }

  /** Calls back after each loss of a connection that was ready, a `disconnect()` too. @returns the function that stops it */
  onClosed(listener: () => void): () => void {
    return listen(this.#closedListeners, listener);
  }

  async #sendWhenReady(command: string, args: readonly (string | Buffer | number)[]): Promise<unknown> {
    const session = this.#session;
    if (session?.isReady === true) session.end('it was closed by the other side');
    if (this.#waiting >= MAX_WAITING) {
      throw connectionLost(`${MAX_WAITING} commands wait for it already`, this.#parts.target.shown, {
        applied: 'no',
      });
    }
    this.#waiting += 1;
    try {
      await this.ready();
    } finally {
      this.#waiting -= 1;
    }
    return this.send(command, args);
  }

  #newAttempt(): Attempt {
    this.#attempt ??= new Attempt();
    return this.#attempt;
  }

  #open(): Promise<void> {
    const { target, purpose, clock, connectTimeoutMs, silenceMs, duplicateName } = this.#parts;
    this.#retry?.cancel();
    this.#retry = undefined;
    const { promise } = this.#newAttempt();
    try {
      const session: RedisSession = new RedisSession({
        client: target.create(safeClientOptions(target.database, duplicateName ?? `larder-${purpose}`)),
        shown: target.shown,
        clock,
        connectTimeoutMs,
        silenceMs,
        onReady: () => this.#becomeReady(),
        onEnd: (failure) => this.#ended(session, failure),
        onReadonly: () => this.#leaveReplica(session),
        onLatency: (ms) => {
          this.#latencyMs = ms;
        },
      });
      this.#session = session;
      session.open();
    } catch (error) {
      this.#session = null;
      this.#failed(translateError(error, { shown: target.shown, inUse: false }));
    }
    return promise;
  }

  #becomeReady(): void {
    this.#state = 'ready';
    this.#failure = null;
    this.#backoff.connected();
    this.#log.up();
    this.#notify(this.#readyListeners);
    this.#settle(null);
  }

  #ended(session: RedisSession, failure: CacheError): void {
    if (this.#session !== session) return;
    this.#session = null;
    if (session.wasReady) this.#lost(failure);
    else if (this.#state !== 'closed') this.#failed(failure);
  }

  #lost(failure: CacheError): void {
    if (this.#state !== 'closed') {
      this.#log.down(failure);
      this.#failure = failure;
      const delayMs = this.#backoff.afterLoss();
      // A connection that does not last is as good as none: nobody waits for the next.
      this.#state = this.#backoff.isFlapping ? 'down' : 'connecting';
      this.#retryIn(delayMs);
    }
    this.#notify(this.#closedListeners);
  }

  #failed(failure: CacheError): void {
    this.#state = 'down';
    this.#failure = failure;
    this.#log.down(failure);
    this.#retryIn(this.#backoff.afterFailure(failure));
    this.#settle(this.#downError());
  }

  #retryIn(delayMs: number): void {
    // Somebody may be waiting while it is connecting; in the background nobody is, and the process may end.
    const ref = this.#state === 'connecting';
    this.#retry = this.#parts.clock.schedule(() => void this.#open(), delayMs, { ref });
  }

  #settle(error: CacheError | null): void {
    const attempt = this.#attempt;
    this.#attempt = null;
    if (error === null) attempt?.resolve();
    else attempt?.reject(error);
  }

  /** A failover has made a replica of it: another connection may lead to the primary, or be refused at its opening. */
  #leaveReplica(session: RedisSession): void {
    const nowMs = this.#parts.clock.now();
    if (this.#session !== session || nowMs - this.#readonlyMs < READONLY_PAUSE_MS) return;
    this.#readonlyMs = nowMs;
    this.drop('the server has become a read-only replica');
  }

  #notify(listeners: ReadonlySet<() => void>): void {
    for (const listener of [...listeners]) {
      try {
        listener();
      } catch (error) {
        this.#log.listenerFailed(error);
      }
    }
  }

  #downError(): CacheError {
    const failure = this.#failure;
    return new CacheError(
      failure?.message ?? `Redis at ${this.#parts.target.shown} cannot be reached.`,
      failure?.code ?? CacheErrorCode.STORE_UNAVAILABLE,
      {
        retryable: failure?.retryable ?? true,
        details: { ...failure?.details, applied: 'no' },
        cause: failure?.cause,
      },
    );
  }

  #closedError(): CacheError {
    return new CacheError(
      `The connection to Redis at ${this.#parts.target.shown} has been closed. Call connect() to open it again.`,
      CacheErrorCode.CLOSED,
      { details: { applied: 'no' } },
    );
  }
}

function listen(listeners: Set<() => void>, listener: () => void): () => void {
  const own = (): void => listener();
  listeners.add(own);
  return () => {
    listeners.delete(own);
  };
}
