import type { Socket } from 'node:net';
import { resetSocket } from './reset-socket.ts';
import type { Conditions } from './traffic-fault.ts';

/** What a lane holds of one sender before it stops reading from it, as the buffers of two systems would. */
const MOST_HELD_BYTES = 1024 * 1024;

/** An RST that comes together with the last bytes is taken for a FIN by some receivers. */
const READ_WITHIN_MS = 5;

interface Piece {
  bytes: Buffer;
  /** When it may go on, on the monotonic clock. */
  readonly dueMs: number;
}

/** How the sender ended its side: by a FIN, or by breaking the connection. */
interface Ending {
  readonly how: 'fin' | 'reset';
  readonly dueMs: number;
}

/** Nothing is to be passed on: nothing to wait for. */
const IDLE = { dueMs: 0 };

interface LaneParts {
  readonly from: Socket;
  readonly to: Socket;
  readonly conditions: () => Conditions;
  readonly rewritten: (bytes: Buffer) => Buffer;
  /** A limit that the next bytes may reach: how many may still pass. `Infinity` where there is none. */
  readonly allowance: () => number;
  /** That many bytes were handed to the receiving system. */
  readonly onPassed: (bytes: number) => void;
  /** The limit is reached and the last byte handed over. */
  readonly onLimit: () => void;
}

/** One direction of a connection: reads from one socket, writes to the other, in order, with whatever faults there are. */
export class ProxyLane {
  readonly #parts: LaneParts;
  #queue: Piece[] = [];
  #heldBytes = 0;
  #ending: Ending | undefined;
  #timer: NodeJS.Timeout | undefined;
  #waiting = false;
  #closed = false;

  constructor(parts: LaneParts) {
    this.#parts = parts;
    const { from, to } = parts;
    from.on('data', (bytes) => this.#take(bytes));
    from.on('end', () => this.#end('fin'));
    from.on('error', () => this.#end('reset'));
    // After a FIN, the end of both sides.
    from.on('close', () => this.#ending ?? this.#end('reset'));
    to.on('drain', () => this.pump());
    to.on('close', () => this.close());
  }

  /** Looks at the faults anew and moves what may move. */
  pump(): void {
    while (!this.#waiting && !this.#closed && !this.#parts.to.writableNeedDrain) {
      const conditions = this.#parts.conditions();
      if (conditions.stalled) return;
      const piece = this.#queue[0];
      const waitMs = (piece ?? this.#ending ?? IDLE).dueMs - performance.now();
      if (waitMs > 0) this.#wait(waitMs);
      else if (piece !== undefined) this.#pass(piece, conditions);
      else {
        this.#passEnding(conditions);
        return;
      }
    }
  }

  /** Throws away what is held back. */
  discard(): void {
    this.#queue = [];
    this.#heldBytes = 0;
    clearTimeout(this.#timer);
    this.#waiting = false;
    this.#readOn();
  }

  /** Nothing moves any more. */
  close(): void {
    this.#closed = true;
    this.discard();
  }

  #take(bytes: Buffer): void {
    const { dropped, delayMs } = this.#parts.conditions();
    if (dropped || this.#closed) return;
    const changed = this.#parts.rewritten(bytes);
    if (changed.length > 0) this.#queue.push({ bytes: changed, dueMs: performance.now() + delayMs });
    this.#heldBytes += changed.length;
    this.pump();
    if (this.#heldBytes >= MOST_HELD_BYTES) this.#parts.from.pause();
  }

  #end(how: Ending['how']): void {
    this.#ending = { how, dueMs: performance.now() + this.#parts.conditions().delayMs };
    this.pump();
  }

  /** A network that swallows bytes carries no end of a connection either. */
  #passEnding({ dropped }: Conditions): void {
    if (this.#ending === undefined || dropped) return;
    const { to } = this.#parts;
    if (this.#ending.how === 'fin') to.end();
    else resetSocket(to);
  }

  #pass(piece: Piece, { pieceBytes, pieceEveryMs }: Conditions): void {
    const { to, allowance, onPassed, onLimit } = this.#parts;
    const allowed = allowance();
    const bytes = piece.bytes.subarray(0, Math.min(pieceBytes, allowed));
    piece.bytes = piece.bytes.subarray(bytes.length);
    if (piece.bytes.length === 0) this.#queue.shift();
    this.#heldBytes -= bytes.length;
    const last = bytes.length === allowed;
    to.write(bytes, () => {
      if (last) setTimeout(onLimit, READ_WITHIN_MS).unref();
    });
    onPassed(bytes.length);
    if (last) this.close();
    else if (pieceBytes < Infinity) this.#wait(pieceEveryMs);
    this.#readOn();
  }

  #wait(ms: number): void {
    this.#waiting = true;
    this.#timer = setTimeout(() => {
      this.#waiting = false;
      this.pump();
    }, Math.ceil(ms));
    this.#timer.unref();
  }

  #readOn(): void {
    if (this.#heldBytes < MOST_HELD_BYTES) this.#parts.from.resume();
  }
}
