import type { StampName } from '../contracts/stamp.ts';
import { escapeName } from '../key.ts';
import type { Generations } from './generations.ts';
import type { EntryHome, PlaceIndex } from './table-key.ts';
import { Watch } from './watch.ts';

/** Bounds of one namespace inside those of the whole memory. */
export interface PlaceBounds {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

/** What a place needs of the memory it is in. */
export interface PlaceHost {
  readonly generations: Generations;
  /** Gives back, in time, what an index still holds that nobody looks at any more. */
  reclaim(index: PlaceIndex): void;
}

/**
 * A namespace, or the root, in one process: the entries under it by their own keys, the work under way for them, and
 * the stamps they are valid under. The root keeps its entries in the table itself; every namespace has an index of
 * its own, so that no key is ever joined on the hit path and clearing one is O(1).
 *
 * A place is kept alive by the caches that look at it, by its entries and by work under way; its parent knows it
 * weakly.
 */
export class Place implements EntryHome {
  readonly #host: PlaceHost;
  readonly parent: Place | null;
  /** Escaped names joined by `/`; `''` is the root. */
  readonly path: string;
  /** Root, then each namespace from the outside in. */
  readonly stamps: readonly StampName[];
  /** The generation of the last `clear` of it or of a place around it. */
  movedAt = 0;
  index: PlaceIndex | null;
  bounds: PlaceBounds | null = null;
  bytes = 0;
  readonly #addressPrefix: string;
  readonly #watches = new Map<string, Watch>();
  readonly #children = new Map<string, WeakRef<Place>>();

  constructor(host: PlaceHost, parent: Place | null, path: string) {
    this.#host = host;
    this.parent = parent;
    this.path = path;
    this.index = parent === null ? null : new Map();
    this.stamps = parent === null ? [''] : [...parent.stamps, `n:${path}`];
    this.#addressPrefix = parent === null ? ':' : `@${path}:`;
  }

  /** The key as a shared store sees it: no two places and keys have the same one. */
  address(key: string): string {
    return this.#addressPrefix + key;
  }

  child(name: string): Place {
    const segment = escapeName(name);
    const known = this.#children.get(segment)?.deref();
    if (known !== undefined) return known;
    const path = this.parent === null ? segment : `${this.path}/${segment}`;
    const place = new Place(this.#host, this, path);
    // Born inside whatever was cleared around it.
    place.movedAt = this.movedAt;
    this.#children.set(segment, new WeakRef(place));
    whenCollected(place, () => {
      if (this.#children.get(segment)?.deref() === undefined) this.#children.delete(segment);
    });
    return place;
  }

  /** The place of this path from the root, if anything in this process knows it. */
  find(path: string): Place | undefined {
    if (path === this.path) return this;
    const begin = this.parent === null ? 0 : this.path.length + 1;
    const child = this.#children.get(path.slice(begin, segmentEnd(path, begin)))?.deref();
    return child?.find(path);
  }

  /** Places inside it that are remembered, collected ones included until that is noticed. */
  get childCount(): number {
    return this.#children.size;
  }

  /** Holds the key for work that begins now. Every hold ends with {@link release}. */
  hold(key: string): Watch {
    let watch = this.#watches.get(key);
    if (watch === undefined) {
      watch = new Watch();
      this.#watches.set(key, watch);
    }
    watch.holders += 1;
    return watch;
  }

  release(key: string, watch: Watch): void {
    watch.holders -= 1;
    if (watch.holders === 0 && this.#watches.get(key) === watch) this.#watches.delete(key);
  }

  /** The watch of a key that something is under way for. */
  watched(key: string): Watch | undefined {
    return this.#watches.get(key);
  }

  get watchCount(): number {
    return this.#watches.size;
  }

  /** Poisons what is under way for the key, and unlinks it, so that later callers start anew. */
  moveKey(key: string): void {
    const watch = this.#watches.get(key);
    if (watch === undefined) return;
    watch.movedAt = this.#host.generations.next();
    watch.read = null;
    watch.load = null;
  }

  /** Whether work that began at `asOf` on `watch` may still put its result into memory. */
  admits(watch: Watch, asOf: number): boolean {
    return watch.movedAt <= asOf && this.movedAt <= asOf;
  }

  /** Empties it and everything inside it: O(1) in the number of entries. Work under way is poisoned by `movedAt`. */
  reset(generation: number, reclaim: boolean): void {
    this.movedAt = generation;
    if (this.index !== null && this.index.size > 0) {
      if (reclaim) this.#host.reclaim(this.index);
      this.index = new Map();
    }
    this.bytes = 0;
    for (const [, known] of this.#children) known.deref()?.reset(generation, reclaim);
  }
}

/** Where the segment of a path that begins here ends: at the next `/` that is not escaped. */
function segmentEnd(path: string, begin: number): number {
  for (let at = begin; at < path.length; at++) {
    if (path[at] === '\\') at += 1;
    else if (path[at] === '/') return at;
  }
  return path.length;
}

let collected: FinalizationRegistry<() => void> | null = null;

/** Calls back some time after nobody has hold of the place any more. */
function whenCollected(place: Place, forget: () => void): void {
  collected ??= new FinalizationRegistry((callback) => callback());
  collected.register(place, forget);
}
