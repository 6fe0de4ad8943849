import type { EntryHome } from './table-key.ts';

/** Why an entry left without being asked to. */
export type EvictionCause = 'capacity' | 'expired';

/** Told of entries that leave by themselves. What it throws is ignored. */
export type EvictionListener = (place: EntryHome, key: string, cause: EvictionCause) => void;

interface Notice {
  readonly place: EntryHome;
  readonly key: string;
  readonly cause: EvictionCause;
}

/**
 * Counts the entries that leave by themselves, and tells listeners of them once the map inside is whole again: they may
 * read and write the very memory that has just made room.
 */
export class Evictions {
  readonly listeners = new Set<EvictionListener>();
  /** Entries that had to make room. */
  capacity = 0;
  /** Entries whose time was over. */
  expired = 0;
  #untold: Notice[] = [];

  add(place: EntryHome, key: string, cause: EvictionCause): void {
    if (cause === 'capacity') this.capacity += 1;
    else this.expired += 1;
    if (this.listeners.size > 0) this.#untold.push({ place, key, cause });
  }

  /** Tells of what has been added, in the order in which it left. */
  tell(): void {
    while (this.#untold.length > 0) {
      const notices = this.#untold;
      // A listener that writes may cause more of them.
      this.#untold = [];
      for (const { place, key, cause } of notices) {
        for (const listener of this.listeners) {
          try {
            listener(place, key, cause);
          } catch {
            // Whoever made room by storing something is not to suffer for it.
          }
        }
      }
    }
  }

  /** As {@link tell}, after the look-up that has met an expired entry. */
  tellSoon(): void {
    if (this.#untold.length === 1) queueMicrotask(() => this.tell());
  }
}
