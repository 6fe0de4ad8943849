/** What an entry carries beside its value. All durations are whole milliseconds, counted from the write. */
export interface EntryMeta {
  /** How long it is fresh; `Infinity` = until it is invalidated. */
  readonly ttlMs: number;
  /** How much longer it is kept as stale; may be `Infinity`. */
  readonly graceMs: number;
  /** How long the load that brought it took; 0 when it was set. At most 49 days are kept. */
  readonly loadMs: number;
  readonly version?: number | undefined;
  /** At most 10,000 names of at most 65,535 UTF-8 bytes each. */
  readonly tags?: readonly string[];
  /** At most 10,000. */
  readonly dependencies?: readonly DependencyVersion[];
}

/** A dependency by the name it is registered under, and the version that was observed when the entry was loaded. */
export interface DependencyVersion {
  readonly name: string;
  readonly version: string;
}
