import type { AsOf, Seen, Stamp, StampName } from './stamp.ts';

/**
 * What a store must be able to do so that an invalidation always wins, in every process that uses it.
 *
 * Every operation is plural, answers in order, and is one round trip wherever the backend allows it. Keys are
 * addresses that the engine has made (place and key in one string); a store never takes one apart. All times are
 * whole milliseconds or `Infinity`, and all are durations: no timestamp crosses this contract, so no two clocks are
 * ever compared.
 *
 * Every promise settles when the fate of its operation is known: the answer has come, or the connection is gone. The
 * engine gives up at its own deadline, and purges what a late operation has touched when that settles after all.
 *
 * Errors: every operation rejects with `STORE_UNAVAILABLE`, `STORE_FAILED` or `OPERATION_TIMEOUT`; a rejected
 * mutation carries `details.applied`, `'no'` or `'unknown'`. A store that cannot change several keys in one step rejects
 * with `BULK_FAILED` where only some have failed, and `details.failed` has their indexes.
 */
export interface SharedStore {
  /**
   * What a fill proves. `lease`: that nobody else has replaced the entry since the lease was given. `stamps`: only
   * that no stamp of the entry has moved; a fill whose lease was lost to a slower load may still be stored.
   */
  readonly fence: 'lease' | 'stamps';

  /** The entries, and the stamps that were asked for. Plain commands, which make nothing: this is the hit path. */
  read(keys: readonly string[], options: ReadOptions): Promise<ReadAnswer>;

  /**
   * The right to replace exactly what was seen, or nothing where nothing was. Stamps that are missing are made anew
   * here, so that what is loaded under the lease can be valid. A lease that one of these stamps has overtaken since it
   * was given counts as gone: nothing could be stored under it. No key stands twice in one call.
   */
  lease(requests: readonly LeaseRequest[], options: LeaseOptions): Promise<LeaseAnswers>;
  /** Extends leases that are still held; false for one that is gone. */
  renew(leases: readonly Lease[], leaseMs: number): Promise<boolean[]>;
  /** Gives leases back unused. One that is gone already is left alone. */
  release(leases: readonly Lease[]): Promise<void>;

  /**
   * Stores only while the lease is still held and no stamp of the entry has moved since it was given, and ends the
   * lease. It fails closed: refused where the lease is gone for any reason, or where that cannot be told in time. A
   * tag that the lease did not cover (a late one) counts from the moment the lease was given.
   */
  fill(fills: readonly Fill[]): Promise<StoreOutcome[]>;
  /**
   * Stores whatever is there, unless the entry has a version and a higher one is kept. Makes missing stamps anew,
   * voids leases, announces itself on the bus.
   */
  write(writes: readonly Write[]): Promise<StoreOutcome[]>;

  /**
   * Invalidates keys and moves stamps in one atomic step (per shard on a cluster), voids the leases of those keys and
   * announces itself on the bus. It cannot be undone by a load, a lease or a fill that began before it was acknowledged.
   */
  invalidate(invalidation: Invalidation): Promise<InvalidateOutcome>;

  /**
   * Gives the entries that were seen another time to live, from now. False where the entry is no longer the one seen.
   * Announces those whose life becomes shorter. Absent: the store cannot, and `expire` with a time and `touch` are
   * UNSUPPORTED.
   */
  retime?(requests: readonly RetimeRequest[]): Promise<boolean[]>;
  /**
   * Adds to a counter in one atomic step. An entry that is absent, expired or invalid under its stamps begins at 0.
   * Voids the lease and announces itself. Absent: counters are UNSUPPORTED.
   * @throws INVALID_VALUE where the entry is not a whole number.
   */
  increment?(request: IncrementRequest): Promise<number>;

  /** The stamps of these names; null for one that is missing. Makes none. */
  stamps(names: readonly StampName[]): Promise<(Stamp | null)[]>;
  /** Whether work that began at `asOf` saw the stamp of this name as it is now. Pure. */
  isCurrent(asOf: AsOf, name: StampName, stamp: Stamp): boolean;
}

/** An entry as it is in a store now. */
export interface SharedEntry {
  readonly value: unknown;
  /** Milliseconds until it is stale; 0 or less when it is stale already. */
  readonly freshMs: number;
  /** Milliseconds until it is gone, always above 0. */
  readonly keptMs: number;
  /** The whole time to live that it was given, and the grace after it. */
  readonly ttlMs: number;
  readonly graceMs: number;
  /** How long the load that brought it took; 0 when it was set. */
  readonly loadMs: number;
  readonly asOf: AsOf;
  readonly seen: Seen;
  /** Names of the tag stamps that it carries. */
  readonly tags: readonly StampName[];
  readonly version?: number;
}

/** Something is there that nobody here can read: damaged, of another format, of another type. A miss. */
export interface UnreadableEntry {
  readonly unreadable: string;
  readonly seen: Seen;
}

export interface ReadOptions {
  readonly stamps: readonly StampName[];
  /** The reader has given up; the store may stop waiting. */
  readonly signal?: AbortSignal;
}

export interface ReadAnswer {
  readonly entries: readonly (SharedEntry | UnreadableEntry | null)[];
  /** In the order of `options.stamps`; null = the stamp is missing, and no entry that carries it is valid. */
  readonly stamps: readonly (Stamp | null)[];
}

export interface LeaseRequest {
  readonly key: string;
  /** What the reader saw under the key; absent where it saw nothing. */
  readonly seen?: Seen;
}

export interface LeaseOptions {
  /** The stamps that the entry will carry: root, namespaces, tags known at the call. */
  readonly stamps: readonly StampName[];
  readonly leaseMs: number;
}

export interface LeaseAnswers {
  /**
   * For each request the lease; or what is there instead of what was seen, which may itself be stale, invalid or
   * unreadable; or word that another holds the lease.
   */
  readonly answers: readonly (Lease | SharedEntry | UnreadableEntry | LeaseHeld)[];
  /** In the order of `options.stamps`, as they stand when the leases are given. */
  readonly stamps: readonly Stamp[];
}

/** Another process loads, or the store could not give the lease in time. */
export interface LeaseHeld {
  readonly held: true;
  /** Milliseconds until the lease ends unless it is renewed, where the store knows. */
  readonly heldMs?: number;
}

/** Held by whoever may fill a key. */
export interface Lease {
  readonly lease: string;
  readonly key: string;
  /** What a fill under this lease will carry. */
  readonly asOf: AsOf;
}

/** What is to be stored. */
export interface EntryDraft {
  readonly value: unknown;
  readonly ttlMs: number;
  readonly graceMs: number;
  readonly loadMs: number;
  /** Every stamp that it is valid under, from the root to its namespace. */
  readonly stamps: readonly StampName[];
  readonly tags: readonly StampName[];
  readonly version?: number;
  /** For or against compression, whatever the store's threshold says. */
  readonly compress?: boolean;
}

export interface Fill {
  readonly lease: Lease;
  readonly entry: EntryDraft;
}

export interface Write {
  readonly key: string;
  readonly entry: EntryDraft;
}

export interface StoreOutcome {
  /** False: refused, because the lease was gone, a stamp had moved, or a higher version is kept. */
  readonly stored: boolean;
  /** Bytes sent to the store; 0 where the store does not count them. */
  readonly bytes: number;
  readonly compressed: boolean;
}

export interface Invalidation {
  readonly keys: readonly string[];
  readonly stamps: readonly StampName[];
  /** `expire` makes the keys stale and keeps them for their grace. It applies to keys alone. */
  readonly mode: 'delete' | 'expire';
}

export interface InvalidateOutcome {
  /** For each key, whether there was an entry; one that a stamp had killed already may count. */
  readonly found: readonly boolean[];
  /** The new stamps, in the order of the names. */
  readonly stamps: readonly Stamp[];
}

export interface RetimeRequest {
  readonly key: string;
  readonly seen: Seen;
  readonly ttlMs: number;
  readonly graceMs: number;
  /** Every stamp that the entry carries, its tags among them: they must outlive it. */
  readonly stamps: readonly StampName[];
}

export interface IncrementRequest {
  readonly key: string;
  /** Whole; may be negative. */
  readonly by: number;
  /** For a counter that begins; an existing one keeps its own. */
  readonly ttlMs: number;
  /** Root and namespaces, as in {@link EntryDraft.stamps}. */
  readonly stamps: readonly StampName[];
  /** For a counter that begins; an existing one keeps its own. */
  readonly tags: readonly StampName[];
}
