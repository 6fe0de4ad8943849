import type { Stamp, StampName } from '../contracts/stamp.ts';

/** So many names are searched faster than they are put into a map. */
const FEW = 8;

/** The stamps of one answer by name. */
export class AnsweredStamps {
  readonly #names: readonly StampName[];
  readonly #stamps: readonly (Stamp | null)[];
  readonly #places: Map<StampName, number> | null;

  constructor(names: readonly StampName[], stamps: readonly (Stamp | null)[]) {
    this.#names = names;
    this.#stamps = stamps;
    this.#places = names.length > FEW ? new Map(names.map((name, place) => [name, place])) : null;
  }

  /** Null: the store has none; undefined: it was not asked. */
  get(name: StampName): Stamp | null | undefined {
    const place = this.#places === null ? this.#names.indexOf(name) : (this.#places.get(name) ?? -1);
    return place < 0 ? undefined : (this.#stamps[place] ?? null);
  }
}
