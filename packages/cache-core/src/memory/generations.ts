import type { StampName } from '../contracts/stamp.ts';

/** When a stamp, a place or a key last moved, in the reckoning of one process. */
export interface Generation {
  movedAt: number;
}

/**
 * The clock that decides inside one process what is older than what: a number that grows with every invalidation.
 * Work remembers where it stood when the work began (`asOf`); what it brings is valid as long as nothing that it
 * carries has moved since. Comparing is one integer compare, and invalidating a tag is one assignment, whatever it covers.
 *
 * Tags are kept in a bounded map. Forgetting one kills the entries that carry it and raises a floor for those that
 * will: it fails closed (P7, P18).
 */
export class Generations {
  /** Grows with every move; read on the hit path. */
  now = 1;
  #floor = 0;
  readonly #tags = new Map<StampName, Generation>();
  readonly #maxTags: number;

  constructor(maxTags: number) {
    this.#maxTags = maxTags;
  }

  /** The next moment, for whatever has just been invalidated. */
  next(): number {
    this.now += 1;
    return this.now;
  }

  tag(name: StampName): Generation {
    const known = this.#tags.get(name);
    if (known !== undefined) return known;
    const created = { movedAt: this.#floor };
    this.#tags.set(name, created);
    if (this.#tags.size > this.#maxTags) this.#forgetOldest();
    return created;
  }

  moveTag(name: StampName): void {
    // Unknown tags are remembered too: a load that is under way may yet name this one.
    const tag = this.tag(name);
    tag.movedAt = this.next();
    this.#tags.delete(name);
    this.#tags.set(name, tag);
  }

  get tagCount(): number {
    return this.#tags.size;
  }

  #forgetOldest(): void {
    for (const [name, oldest] of this.#tags) {
      this.#tags.delete(name);
      // A load under way may yet name it again: what it had moved to lives on in the floor.
      this.#floor = Math.max(this.#floor, oldest.movedAt);
      oldest.movedAt = Infinity;
      return;
    }
  }
}
