import type { BusGap } from '@larder/cache-core/store';

/** Where a message stands: the epoch, the number before it, and its own. */
interface Place {
  readonly epoch: string;
  readonly prev: number;
  readonly seq: number;
}

/**
 * How far the messages have been heard without a break. Each names the one before it, so that a missing one shows in the
 * next; whether there was a next is for the heartbeat to ask.
 */
export class BusSequence {
  #epoch: string | null = null;
  #lastSeen: number | null = null;
  #generation = 0;

  get epoch(): string | null {
    return this.#epoch;
  }

  /** The number up to which nothing is missing since the base was taken; null without a base. */
  get lastSeen(): number | null {
    return this.#lastSeen;
  }

  /** Moves whenever the numbers have been broken off. What was asked under another generation proves nothing. */
  get generation(): number {
    return this.#generation;
  }

  /** Takes a message into account. @returns what it shows to be missing, or null */
  observe({ epoch, prev, seq }: Place): BusGap | null {
    const lastSeen = this.#lastSeen;
    if (lastSeen === null) {
      this.base(epoch, seq);
      return null;
    }
    if (epoch !== this.#epoch) {
      this.base(epoch, seq);
      return 'restarted';
    }
    // Again, or late: harmless, since what it names is forgotten once more.
    if (seq <= lastSeen) return null;
    if (prev === lastSeen) {
      this.#lastSeen = seq;
      return null;
    }
    this.base(epoch, seq);
    // A server that numbers on from before what has been heard has lost its memory of the rest.
    return prev < lastSeen ? 'rewound' : 'lost';
  }

  /** Counts from here on. */
  base(epoch: string, seq: number): void {
    this.#epoch = epoch;
    this.#lastSeen = seq;
    this.#generation += 1;
  }

  forget(): void {
    this.#epoch = null;
    this.#lastSeen = null;
    this.#generation += 1;
  }
}
