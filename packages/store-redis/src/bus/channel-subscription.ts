import type { Clock, Logger, Scheduled } from '@larder/cache-core';
import { isCacheError } from '@larder/cache-core';
import type { CommandSender } from '../connection/script-runner.ts';

const RETRY_MS = 1_000;

/** The connection that messages come over. It is used for nothing else. */
export interface SubscriberConnection extends CommandSender {
  /** Null unless ready. */
  readonly client: MessageSource | null;
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  drop(reason: string): void;
  onReady(listener: () => void): () => void;
  onClosed(listener: () => void): () => void;
}

/** What of an ioredis client is needed to hear messages. */
export interface MessageSource {
  on(event: 'messageBuffer', listener: (channel: Buffer, message: Buffer) => void): unknown;
  off(event: 'messageBuffer', listener: (channel: Buffer, message: Buffer) => void): unknown;
}

interface ChannelListener {
  /** The server has confirmed: what is published from now on comes, as long as the connection lives. */
  confirmed(): void;
  message(bytes: Buffer): void;
  /** The connection is gone. */
  lost(): void;
}

interface ChannelSubscriptionParts {
  readonly connection: SubscriberConnection;
  readonly channel: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly listener: ChannelListener;
}

/**
 * Listens to a channel, on every connection anew. It does so itself rather than have the client do it, because only so it is
 * known when the server has confirmed.
 */
export class ChannelSubscription {
  readonly #parts: ChannelSubscriptionParts;
  readonly #forget: (() => void)[] = [];
  #source: MessageSource | null = null;
  #isConfirmed = false;
  #isClosed = false;
  /** Which of the connections one after another this is. */
  #connections = 0;
  #retry: Scheduled | null = null;

  constructor(parts: ChannelSubscriptionParts) {
    this.#parts = parts;
  }

  get isConfirmed(): boolean {
    return this.#isConfirmed;
  }

  /** Connects, in the background and for as long as it takes. */
  open(): void {
    const { connection, logger } = this.#parts;
    this.#forget.push(
      connection.onReady(() => this.#connected()),
      connection.onClosed(() => this.#lost()),
    );
    connection.connect().catch((error) => {
      logger.debug({ code: codeOf(error) }, 'the bus is not connected yet');
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#isConfirmed = false;
    this.#retry?.cancel();
    for (const forget of this.#forget) forget();
    this.#listenTo(null);
    await this.#parts.connection.disconnect();
  }

  /** Takes another connection. */
  drop(reason: string): void {
    this.#parts.connection.drop(reason);
  }

  /** Asks for an answer, behind all messages on their way. The connection ends itself where none comes. */
  probe(): Promise<unknown> {
    return this.#parts.connection.send('ping', []);
  }

  #connected(): void {
    if (this.#isClosed) return;
    this.#connections += 1;
    this.#listenTo(this.#parts.connection.client);
    this.#subscribe(this.#connections);
  }

  #subscribe(connection: number): void {
    const isCurrent = (): boolean => connection === this.#connections && !this.#isClosed;
    // In small letters: ioredis keeps its list of channels under the very name that was called.
    this.#parts.connection.send('subscribe', [this.#parts.channel]).then(
      () => {
        if (!isCurrent()) return;
        this.#isConfirmed = true;
        this.#parts.listener.confirmed();
      },
      (error) => {
        if (isCurrent()) this.#refused(error, connection);
      },
    );
  }

  #refused(error: unknown, connection: number): void {
    const { clock, logger, channel } = this.#parts;
    const message = isCacheError(error) ? error.message : 'SUBSCRIBE failed';
    const advice = 'memory is kept for maxStaleness at most; may the Redis user subscribe to this channel?';
    logger.warn({ channel, error: message, code: codeOf(error) }, `cannot listen to the bus: ${advice}`);
    this.#retry = clock.schedule(() => this.#subscribe(connection), RETRY_MS, { ref: false });
  }

  #lost(): void {
    this.#connections += 1;
    this.#retry?.cancel();
    this.#isConfirmed = false;
    this.#listenTo(null);
    if (!this.#isClosed) this.#parts.listener.lost();
  }

  #listenTo(source: MessageSource | null): void {
    this.#source?.off('messageBuffer', this.#onMessage);
    this.#source = source;
    source?.on('messageBuffer', this.#onMessage);
  }

  readonly #onMessage = (channel: Buffer, message: Buffer): void => {
    if (String(channel) === this.#parts.channel) this.#parts.listener.message(message);
  };
}

function codeOf(error: unknown): string | undefined {
  return isCacheError(error) ? error.code : undefined;
}
