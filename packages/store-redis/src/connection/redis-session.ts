import type { CacheError, CacheErrorCode, Clock, Scheduled } from '@larder/cache-core';
import type { Redis } from 'ioredis';
import { checkServer } from './server-check.ts';
import { connectionLost, type FailureContext, reasonOf, translateError } from './translate-error.ts';

/** Woken later than this, the event loop was blocked and what has come meanwhile lies unread. */
const BLOCKED_MS = 10;
/** How many looks at a silent connection there are in the time that it may be silent. */
const LOOKS = 4;
const LONGEST_LOOK_MS = 250;

interface SessionParts {
  readonly client: Redis;
  readonly shown: string;
  readonly clock: Clock;
  readonly connectTimeoutMs: number;
  readonly silenceMs: number;
  /** Once, when commands can be sent. */
  readonly onReady: () => void;
  /** Once, when it is over: before it was ready, or after. */
  readonly onEnd: (failure: CacheError) => void;
  /** The server refuses to write since it is a replica now. */
  readonly onReadonly: () => void;
  /** The milliseconds of a round trip, a few times in a second. */
  readonly onLatency: (ms: number) => void;
}

/**
 * One connection from its opening to its end, with a client of its own, which is never used again. What is unanswered at
 * the end rejects at once, and cannot be sent a second time.
 */
export class RedisSession {
  readonly client: Redis;
  /** Commands can be sent. */
  isReady = false;
  /** Commands could be sent at some time. */
  wasReady = false;
  readonly #parts: SessionParts;
  readonly #context: { -readonly [Name in keyof FailureContext]: FailureContext[Name] };
  #over = false;
  #handshake: Scheduled | undefined;
  #pending = 0;
  #look: Scheduled | undefined;
  #timeNext = true;
  /** When something last arrived or left while commands were pending, as far as the looks have seen. */
  #aliveMs = 0;
  #progress = '';

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.client = parts.client;
    this.#context = { shown: parts.shown, lost: undefined, lostCode: undefined, inUse: false };
  }

  /** Begins to connect. The outcome comes by `onReady` or `onEnd`, never before this returns. */
  open(): void {
    const { client } = this;
    client.on('error', (error: unknown) => this.#break(error));
    client.on('close', () => this.end('it was closed by the other side'));
    // ioredis listens for one error only, and a second one would end the process.
    client.on('connect', () => client.stream?.on('error', () => undefined));
    this.#armHandshake();
    void this.#shakeHands();
  }

  /**
   * Writes a command now. Rejects with a CacheError; replies are Buffers, numbers, null and arrays of them.
   * The hot path: one derived promise, no timer and no clock, but for a few commands in a second.
   */
  send(command: string, args: readonly (string | Buffer | number)[]): Promise<unknown> {
    let reply: Promise<unknown>;
    // What is sent in one tick leaves in one system call. Reads of a tick are one command already.
    if (!this.#corked && command !== 'mget') {
      this.#corked = true;
      this.client.stream?.cork();
      process.nextTick(this.#uncork);
    }
    try {
      reply = this.client.callBuffer(command, args as (string | Buffer | number)[]);
    } catch (error) {
      return Promise.reject(this.#failure(error));
    }
    this.#pending += 1;
    if (this.#timeNext) return this.#sendTimed(reply);
    return reply.then(this.#onReply, this.#onError);
  }

  /**
   * Ends it: pending commands reject. Harmless when it is over.
   * @param reason for people; without a full stop
   */
  end(reason: string, code?: CacheErrorCode): void {
    this.#finish(reason, code, connectionLost(reason, this.#context.shown, { applied: 'no', code }));
  }

  #break(error: unknown): void {
    this.#finish(reasonOf(error), undefined, translateError(error, { ...this.#context, inUse: false }));
  }

  #finish(reason: string, code: CacheErrorCode | undefined, failure: CacheError): void {
    if (this.#over) return;
    this.#over = true;
    this.isReady = false;
    this.#handshake?.cancel();
    this.#look?.cancel();
    this.#context.lost = reason;
    this.#context.lostCode = code;
    this.client.disconnect();
    // What has not been written yet is not to be written any more.
    this.client.stream?.destroy();
    this.#parts.onEnd(failure);
  }

  /** Resolves when the socket is closed. */
  closed(): Promise<void> {
    const { stream } = this.client;
    if (stream === undefined || stream === null || stream.closed) return Promise.resolve();
    return new Promise((resolve) => stream.once('close', () => resolve()));
  }

  async #shakeHands(): Promise<void> {
    try {
      await this.client.connect();
      if (this.#over) return;
      await checkServer(this.client, this.#context.shown);
    } catch (error) {
      this.#break(error);
      return;
    }
    if (this.#over) return;
    this.#handshake?.cancel();
    this.isReady = true;
    this.wasReady = true;
    this.#context.inUse = true;
    this.#parts.onReady();
  }

  #armHandshake(): void {
    const { clock, connectTimeoutMs } = this.#parts;
    const dueMs = clock.now() + connectTimeoutMs;
    this.#handshake = clock.schedule(
      () => {
        // A process that was busy, as at its start, has not read what the server said.
        if (clock.now() - dueMs > BLOCKED_MS) this.#armHandshake();
        else this.end(`no answer within ${connectTimeoutMs} ms`);
      },
      connectTimeoutMs,
      { ref: false },
    );
  }

  #corked = false;
  readonly #uncork = (): void => {
    this.#corked = false;
    this.client.stream?.uncork();
  };

  readonly #onReply = (value: unknown): unknown => {
    this.#pending -= 1;
    return value;
  };

  readonly #onError = (error: unknown): never => {
    this.#pending -= 1;
    const failure = this.#failure(error);
    if (failure.details.reply === 'READONLY') this.#parts.onReadonly();
    throw failure;
  };

  #failure(error: unknown): CacheError {
    return translateError(error, this.#context);
  }

  #sendTimed(reply: Promise<unknown>): Promise<unknown> {
    const { clock } = this.#parts;
    const sentMs = clock.now();
    this.#timeNext = false;
    if (this.#look === undefined) this.#watch(sentMs);
    const timed = (value: unknown): unknown => {
      this.#parts.onLatency(clock.now() - sentMs);
      return this.#onReply(value);
    };
    return reply.then(timed, this.#onError);
  }

  /** From now on, and while commands are pending, looks whether anything moves on the connection. */
  #watch(nowMs: number): void {
    this.#aliveMs = nowMs;
    this.#progress = this.#traffic();
    this.#scheduleLook();
  }

  #scheduleLook(): void {
    const { clock, silenceMs } = this.#parts;
    const delayMs = Math.min(silenceMs, LONGEST_LOOK_MS * LOOKS) / LOOKS;
    this.#look = clock.schedule(() => this.#lookAtTraffic(), delayMs, { ref: false });
  }

  #lookAtTraffic(): void {
    this.#look = undefined;
    this.#timeNext = true;
    if (this.#over || this.#pending === 0) return;
    const { clock, silenceMs } = this.#parts;
    const progress = this.#traffic();
    if (progress !== this.#progress) {
      this.#watch(clock.now());
    } else if (clock.now() - this.#aliveMs < silenceMs) {
      this.#scheduleLook();
    } else {
      // Replies that came while this process was busy or stopped are read before the immediate runs.
      setImmediate(() => this.#judge(progress));
    }
  }

  #judge(progress: string): void {
    if (this.#over || this.#pending === 0) return;
    if (this.#traffic() !== progress) {
      this.#watch(this.#parts.clock.now());
      return;
    }
    this.end(`nothing was answered for ${this.#parts.silenceMs} ms`);
  }

  /** Changes when bytes arrive, or leave: a large value on a slow line is sent for longer than a server may be silent. */
  #traffic(): string {
    const stream = this.client.stream as unknown as {
      readonly bytesRead?: number;
      readonly writableLength?: number;
      readonly _handle?: { readonly writeQueueSize?: number } | null;
    };
    const unsent = stream?._handle?.writeQueueSize ?? stream?.writableLength;
    return `${stream?.bytesRead} ${unsent}`;
  }
}
