import { randomBytes } from 'node:crypto';
import type { Announcement } from './bus-message.ts';

/** By what a store instance knows its own announcements: 16 hex digits, chosen at random. */
export function newOrigin(): string {
  return randomBytes(8).toString('hex');
}

/**
 * Tells what this process has announced itself from what others have. Own announcements are not delivered: whoever made
 * them has forgotten what they name already. Except for an operation whose fate nobody knows any more, because its
 * connection died before the answer: it may be carried out at any later time, and its announcement is then news.
 *
 * One number is one run of one script, hence one message at most. It takes memory for operations under way alone.
 *
 * That an announcement is held back while its operation is unanswered does not weaken a proof of the heartbeat: that asks over
 * the same connection, where answers come in order, so whatever was announced before the question has been answered.
 */
export class OwnAnnouncements {
  /** Stands in messages. */
  readonly origin: string;
  readonly #deliver: (announcement: Announcement) => void;
  /** Operations under way, and their announcements where these have come before the answer. */
  readonly #pending = new Map<number, Announcement | null>();
  #last = 0;
  /**
   * Up to here own announcements are delivered. A dying connection takes all operations with it, so this costs little more
   * than a list of the lost ones, and it cannot grow.
   */
  #lostUpTo = 0;

  /**
   * @param origin 16 hex digits, chosen at random
   * @param deliver takes what turns out to be news after all
   */
  constructor(origin: string, deliver: (announcement: Announcement) => void) {
    this.origin = origin;
    this.#deliver = deliver;
  }

  /** The number of an operation that is about to be sent. It must come to `acknowledged` or `lost`. */
  begin(): number {
    this.#last += 1;
    this.#pending.set(this.#last, null);
    return this.#last;
  }

  /** The server has answered, be it with an error: nothing will happen later. */
  acknowledged(operation: number): void {
    this.#pending.delete(operation);
  }

  /** No answer will come, and it may or may not happen yet. */
  lost(operation: number): void {
    const heard = this.#pending.get(operation);
    // It has been settled already.
    if (heard === undefined) return;
    this.#pending.delete(operation);
    this.#lostUpTo = Math.max(this.#lostUpTo, operation);
    if (heard !== null) this.#deliver(heard);
  }

  /** Whether an announcement is an own one that need not be delivered. */
  hides(announcement: Announcement): boolean {
    const { origin, operation } = announcement;
    // A number that was never given stands in a message of somebody else's.
    if (origin !== this.origin || operation > this.#last || operation <= 0) return false;
    if (this.#pending.has(operation)) {
      this.#pending.set(operation, announcement);
      return true;
    }
    return operation > this.#lostUpTo;
  }
}
