import type { Stamp, StampName } from '../contracts/stamp.ts';
import type { Generations } from '../memory/generations.ts';

const MAX_KNOWN = 10_000;

/**
 * The tag stamps of the store that this process has seen, so that a tagged entry is checked without asking again. They
 * are as good as the bus that would announce a move: without a live L1 lease they count as unknown (S12).
 *
 * A reply is believed only if the tag has not moved here since the question was asked: an answer that was under way
 * during an invalidation must not bring the old stamp back.
 */
export class KnownStamps {
  readonly #generations: Generations;
  readonly #isLive: () => boolean;
  readonly #stamps = new Map<StampName, Stamp>();
  /** What was asked before the last `clear` may have missed a move since. */
  #clearedAt = 0;

  constructor(generations: Generations, isLive: () => boolean) {
    this.#generations = generations;
    this.#isLive = isLive;
  }

  get(name: StampName): Stamp | undefined {
    return this.#stamps.size > 0 && this.#isLive() ? this.#stamps.get(name) : undefined;
  }

  learn(name: StampName, stamp: Stamp, askedAt: number): void {
    if (!this.#isLive() || askedAt < this.#clearedAt || this.#generations.tag(name).movedAt > askedAt) return;
    this.#stamps.delete(name);
    this.#stamps.set(name, stamp);
    if (this.#stamps.size > MAX_KNOWN) {
      for (const oldest of this.#stamps.keys()) {
        this.#stamps.delete(oldest);
        break;
      }
    }
  }

  forget(name: StampName): void {
    this.#stamps.delete(name);
  }

  clear(): void {
    this.#clearedAt = this.#generations.next();
    this.#stamps.clear();
  }
}
