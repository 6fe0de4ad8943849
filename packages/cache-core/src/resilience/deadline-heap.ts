/** What waits in a {@link DeadlineHeap}. */
export interface Due {
  readonly dueMs: number;
  /** Where it stands in the heap; −1 outside. Written by the heap alone. */
  place: number;
}

/**
 * A binary heap by time from which any member can be taken out at once. Deadlines of one length arrive in order, so that
 * adding one costs a single comparison.
 */
export class DeadlineHeap<Member extends Due> {
  readonly #members: Member[] = [];

  get size(): number {
    return this.#members.length;
  }

  /** The member that is due first. */
  get first(): Member | undefined {
    return this.#members[0];
  }

  add(member: Member): void {
    this.#members.push(member);
    this.#rise(member, this.#members.length - 1);
  }

  /** Harmless for what is not in the heap. */
  remove(member: Member): void {
    const place = member.place;
    if (place < 0) return;
    member.place = -1;
    const last = this.#members.pop() as Member;
    if (last === member) return;
    if (place > 0 && last.dueMs < this.#at((place - 1) >> 1).dueMs) this.#rise(last, place);
    else this.#sink(last, place);
  }

  #rise(member: Member, from: number): void {
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = this.#at(above);
      if (parent.dueMs <= member.dueMs) break;
      this.#put(parent, place);
      place = above;
    }
    this.#put(member, place);
  }

  #sink(member: Member, from: number): void {
    const size = this.#members.length;
    let place = from;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= size) break;
      if (below + 1 < size && this.#at(below + 1).dueMs < this.#at(below).dueMs) below++;
      const child = this.#at(below);
      if (child.dueMs >= member.dueMs) break;
      this.#put(child, place);
      place = below;
    }
    this.#put(member, place);
  }

  #put(member: Member, place: number): void {
    this.#members[place] = member;
    member.place = place;
  }

  #at(place: number): Member {
    return this.#members[place] as Member;
  }
}
