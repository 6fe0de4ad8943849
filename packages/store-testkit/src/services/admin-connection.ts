import { connect, type Socket } from 'node:net';
import { CacheError, CacheErrorCode } from '@larder/cache-core';
import { encodeCommand, RespReader, type RespReply, ServerRefusal } from './resp-reply.ts';

interface Pending {
  readonly name: string;
  readonly resolve: (reply: RespReply) => void;
  readonly reject: (reason: unknown) => void;
  readonly timer: NodeJS.Timeout;
}

interface Address {
  readonly host: string;
  readonly port: number;
  readonly password: string | undefined;
  /** Told of each AUTH that is sent. */
  readonly onAuth: () => void;
}

const LONGEST_TEXT = 200;

/**
 * A connection to a Redis server for the commands of a test: opened by the first one, and again after it is lost.
 * Keeps the process alive only while a reply is awaited.
 */
export class AdminConnection {
  readonly #address: Address;
  #socket: Socket | undefined;
  #pending: Pending[] = [];

  constructor(address: Address) {
    this.#address = address;
  }

  /**
   * Rejects with STORE_FAILED for an error reply, STORE_UNAVAILABLE when the connection is lost, OPERATION_TIMEOUT after
   * `timeoutMs`; that gives the connection up, with all that waits on it.
   */
  async send(args: readonly (string | number | Uint8Array)[], timeoutMs: number): Promise<RespReply> {
    this.#socket ??= this.#open();
    const socket = this.#socket;
    socket.ref();
    const reply = await this.#write(socket, args, timeoutMs);
    if (reply instanceof ServerRefusal) throw refused(nameOf(args), reply.text);
    return reply;
  }

  /** Ends it; what is pending rejects. The next command opens it anew. */
  close(): void {
    this.#lose(this.#socket, unavailable('the connection was closed'));
  }

  #open(): Socket {
    const { host, port, password, onAuth } = this.#address;
    const socket = connect({ host, port, noDelay: true });
    const reader = new RespReader();
    socket.on('data', (chunk) => this.#receive(socket, reader, chunk));
    socket.on('error', (error) => this.#lose(socket, unavailable(error.message, error)));
    socket.on('close', () => this.#lose(socket, unavailable('the server closed the connection')));
    if (password !== undefined) {
      onAuth();
      // Refused, it shows in the reply to the command that follows.
      this.#write(socket, ['AUTH', password], 5000).catch(() => undefined);
    }
    return socket;
  }

  #write(
    socket: Socket,
    args: readonly (string | number | Uint8Array)[],
    timeoutMs: number,
  ): Promise<RespReply> {
    return new Promise((resolve, reject) => {
      const name = nameOf(args);
      const timer = setTimeout(() => this.#lose(socket, late(name, timeoutMs)), timeoutMs);
      this.#pending.push({ name, resolve, reject, timer });
      socket.write(encodeCommand(args));
    });
  }

  #receive(socket: Socket, reader: RespReader, chunk: Buffer): void {
    if (socket !== this.#socket) return;
    try {
      for (const reply of reader.read(chunk)) {
        const pending = this.#pending.shift();
        clearTimeout(pending?.timer);
        pending?.resolve(reply);
      }
    } catch (error) {
      this.#lose(socket, unavailable((error as Error).message, error));
    }
    if (this.#pending.length === 0) socket.unref();
  }

  #lose(socket: Socket | undefined, reason: CacheError): void {
    if (socket === undefined || socket !== this.#socket) return;
    this.#socket = undefined;
    socket.destroy();
    const lost = this.#pending;
    this.#pending = [];
    for (const { timer, reject } of lost) {
      clearTimeout(timer);
      reject(reason);
    }
  }
}

/** The name of a command is shown, what follows may be a value or a secret. */
function nameOf(args: readonly (string | number | Uint8Array)[]): string {
  return typeof args[0] === 'string' ? args[0].toUpperCase().slice(0, 40) : 'a command';
}

function refused(name: string, text: string): CacheError {
  const shown = text.replace(/, with args beginning with.*$/s, '').slice(0, LONGEST_TEXT);
  return new CacheError(`${name} was refused by the server: ${shown}`, CacheErrorCode.STORE_FAILED, {
    details: { reply: text.split(' ', 1)[0] },
  });
}

function unavailable(what: string, cause?: unknown): CacheError {
  return new CacheError(
    `No reply from the test server: ${what}. Start or resume it first.`,
    CacheErrorCode.STORE_UNAVAILABLE,
    { cause, retryable: true },
  );
}

function late(name: string, timeoutMs: number): CacheError {
  return new CacheError(
    `${name} had no reply from the test server for ${timeoutMs} ms. Is it paused, or busy?`,
    CacheErrorCode.OPERATION_TIMEOUT,
    { retryable: true },
  );
}
