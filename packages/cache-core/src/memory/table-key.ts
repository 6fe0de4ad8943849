/** Where an entry stands: a namespace with an index of its own, or the root, which has none. */
export interface EntryHome {
  readonly path: string;
  readonly index: PlaceIndex | null;
  bytes: number;
}

/** The keys in a namespace. */
export type PlaceIndex = Map<string, PlacedKey>;

/** A key in a namespace, one object for as long as something is under it. */
export class PlacedKey {
  readonly place: EntryHome;
  readonly key: string;
  /** Of the entry under it. */
  #bytes = 0;

  private constructor(place: EntryHome, key: string) {
    this.place = place;
    this.key = key;
  }

  /** The one of this key, from now on under an entry of so many bytes. */
  static of(place: EntryHome, index: PlaceIndex, key: string, bytes: number): PlacedKey {
    let placed = index.get(key);
    if (placed === undefined) {
      placed = new PlacedKey(place, key);
      index.set(key, placed);
    }
    place.bytes += bytes - placed.#bytes;
    placed.#bytes = bytes;
    return placed;
  }

  /** Its entry has left. False where nobody could see that any more: the namespace has been cleared. */
  leave(): boolean {
    const { place, key } = this;
    if (place.index?.get(key) !== this) return false;
    place.index.delete(key);
    place.bytes -= this.#bytes;
    return true;
  }
}

/** An entry at the root goes by its key, one in a namespace by an object: so no key is ever joined with a prefix. */
export type TableKey = string | PlacedKey;
