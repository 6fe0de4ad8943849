/** Where an entry stands: a namespace with an index of its own, or the root, which has none. */
export interface EntryHome {
  readonly path: string;
  readonly index: Map<string, PlacedKey> | null;
  bytes: number;
}

/** A key in a namespace, one object for as long as something is under it. */
export class PlacedKey {
  readonly place: EntryHome;
  readonly key: string;
  /** Of the entry under it. */
  bytes = 0;

  constructor(place: EntryHome, key: string) {
    this.place = place;
    this.key = key;
  }
}

/** An entry at the root goes by its key, one in a namespace by an object: so no key is ever joined with a prefix. */
export type TableKey = string | PlacedKey;
