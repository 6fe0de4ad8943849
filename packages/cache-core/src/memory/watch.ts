/**
 * One key that something is under way for: a read, a load, a write. Whoever holds it remembers the generation at
 * which it began, and may put what it brings into memory only if the key has not moved since (P1). It is forgotten
 * when its last holder lets go, so that keys nobody works on cost nothing.
 */
export class Watch {
  /** The generation of the last invalidation, write or fill of the key. */
  movedAt = 0;
  holders = 0;
  /** Own writes that wait for the store: of two at once neither may enter memory (S4). */
  writes = 0;
  /** What later callers may join; the engine's own. Unlinked by every move. */
  read: Joinable | null = null;
  load: Joinable | null = null;
}

/** Work under way that others may wait for. */
export interface Joinable {
  /** The generation at which it began. */
  readonly asOf: number;
}
