import type { Clock } from '@larder/cache-core';
import type {
  AsOf,
  BusMessage,
  EntryDraft,
  Fill,
  Lease,
  LeaseHeld,
  Seen,
  SharedEntry,
  Stamp,
  StampName,
  StoreOutcome,
  UnreadableEntry,
} from '@larder/cache-core/store';

/** What stands under a key of a {@link SharedServer}. */
export interface Stored {
  readonly value: unknown;
  readonly ttlMs: number;
  readonly graceMs: number;
  readonly loadMs: number;
  readonly tags: readonly StampName[];
  readonly version: number | undefined;
  freshUntilMs: number;
  keptUntilMs: number;
  asOf: number;
  readonly id: number;
  readonly unreadable?: string;
}

/** A lease. */
export interface Held {
  readonly id: string;
  readonly asOf: number;
  untilMs: number;
}

/** Mechanisms that a test switches off to see that it notices. */
export interface SharedMemoryFaults {
  /** Fills are stored though their lease is gone. */
  ignoreLeases?: boolean;
  /** Fills are stored though a stamp has moved since the lease was given. */
  ignoreStamps?: boolean;
  /** Invalidations are not announced. */
  mute?: boolean;
}

/** A store instance that hears what others announce. */
interface Listener {
  hear(message: BusMessage): void;
}

/** What the server of the reference `SharedStore` keeps: one memory with a clock of its own (`seq`), as Redis would have it. */
export class SharedServer {
  readonly clock: Clock;
  readonly faults: SharedMemoryFaults;
  readonly entries = new Map<string, Stored>();
  readonly leases = new Map<string, Held>();
  readonly stamps = new Map<StampName, number>();
  readonly attached = new Set<Listener>();
  /** Every operation, in order, for counting round trips. */
  readonly log: string[] = [];
  seq = 1;
  /** What is kept of a value, and handed out of it: here the value itself; a double of a server makes a copy. */
  copy: <T>(value: T) => T = (value) => value;
  #ids = 0;

  constructor(clock: Clock, faults: SharedMemoryFaults = {}) {
    this.clock = clock;
    this.faults = faults;
  }

  next(): number {
    this.seq += 1;
    return this.seq;
  }

  nextId(): number {
    this.#ids += 1;
    return this.#ids;
  }

  entry(key: string): Stored | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined || this.clock.now() < entry.keptUntilMs) return entry;
    this.entries.delete(key);
    return undefined;
  }

  held(key: string): Held | undefined {
    const held = this.leases.get(key);
    if (held === undefined || this.clock.now() < held.untilMs) return held;
    this.leases.delete(key);
    return undefined;
  }

  /** Puts something under a key that nobody can read. */
  corrupt(key: string): void {
    const infinite = { ttlMs: Infinity, graceMs: 0, loadMs: 0, tags: [], version: undefined };
    const times = { freshUntilMs: Infinity, keptUntilMs: Infinity };
    this.entries.set(key, {
      ...infinite,
      ...times,
      value: null,
      asOf: 0,
      id: this.nextId(),
      unreadable: 'checksum',
    });
  }

  /** @param from who has forgotten already what it names; null where nobody has */
  announce(from: Listener | null, message: BusMessage): void {
    if (this.faults.mute === true) return;
    for (const store of this.attached) if (store !== from) store.hear(message);
  }

  /** All data is gone, as after a restart without a snapshot. The clock goes on. */
  wipe(): void {
    this.entries.clear();
    this.leases.clear();
    this.stamps.clear();
    this.next();
  }

  /** A lease, or what stands against one. */
  lend(
    key: string,
    seen: Seen | undefined,
    asOf: number,
    leaseMs: number,
    stamps: readonly StampName[],
  ): Lease | SharedEntry | UnreadableEntry | LeaseHeld {
    const entry = this.entry(key);
    if (entry !== undefined && entry.id !== (seen as unknown as number | undefined))
      return this.answer(entry)!;
    const held = this.held(key);
    // A lease that can store nothing any more, because one of these stamps has moved since, is as good as gone.
    const isDead = held !== undefined && stamps.some((name) => this.stamps.get(name)! > held.asOf);
    if (held !== undefined && !isDead) return { held: true, heldMs: held.untilMs - this.clock.now() };
    const id = String(this.nextId());
    this.leases.set(key, { id, asOf, untilMs: this.clock.now() + leaseMs });
    return { lease: id, key, asOf: asOf as unknown as AsOf };
  }

  fill({ lease, entry }: Fill): StoreOutcome {
    const held = this.held(lease.key);
    const asOf = lease.asOf as unknown as number;
    if (held?.id !== lease.lease && this.faults.ignoreLeases !== true) return outcome(false);
    if (held?.id === lease.lease) this.leases.delete(lease.key);
    const current = this.entry(lease.key);
    if (this.isOutranked(current, entry)) return outcome(false);
    for (const name of [...entry.stamps, ...entry.tags]) {
      const known = this.stamps.get(name);
      // A late tag that nobody knows is made now, after the load began: this entry is dead under it.
      if (known === undefined) this.stamps.set(name, this.next());
      if ((known === undefined || known > asOf) && this.faults.ignoreStamps !== true) return outcome(false);
    }
    this.put(lease.key, entry, this.faults.ignoreStamps === true ? this.seq : asOf);
    return outcome(true);
  }

  put(key: string, draft: EntryDraft, asOf: number): void {
    const nowMs = this.clock.now();
    const { ttlMs, graceMs, loadMs, tags, version } = draft;
    const value = this.copy(draft.value);
    const times = { freshUntilMs: nowMs + ttlMs, keptUntilMs: nowMs + ttlMs + graceMs };
    this.entries.set(key, {
      value,
      ttlMs,
      graceMs,
      loadMs,
      tags,
      version,
      ...times,
      asOf,
      id: this.nextId(),
    });
  }

  expire(entry: Stored): void {
    const nowMs = this.clock.now();
    entry.freshUntilMs = Math.min(entry.freshUntilMs, nowMs);
    entry.keptUntilMs = Math.min(entry.keptUntilMs, nowMs + entry.graceMs);
  }

  /** Whether a higher version is kept that is still valid. */
  isOutranked(current: Stored | undefined, { version, stamps }: EntryDraft): boolean {
    if (version === undefined || current?.version === undefined || current.version <= version) return false;
    return this.isValid(current, stamps);
  }

  isValid(entry: Stored, stamps: readonly StampName[]): boolean {
    return [...stamps, ...entry.tags].every((name) => (this.stamps.get(name) ?? Infinity) <= entry.asOf);
  }

  /** An entry as a reader sees it. */
  answer(entry: Stored | undefined): SharedEntry | UnreadableEntry | null {
    if (entry === undefined) return null;
    const seen = entry.id as unknown as Seen;
    if (entry.unreadable !== undefined) return { unreadable: entry.unreadable, seen };
    const nowMs = this.clock.now();
    const { value, ttlMs, graceMs, loadMs, tags, version } = entry;
    return {
      value: this.copy(value),
      ttlMs,
      graceMs,
      loadMs,
      tags,
      ...(version === undefined ? {} : { version }),
      freshMs: entry.freshUntilMs - nowMs,
      keptMs: entry.keptUntilMs - nowMs,
      asOf: entry.asOf as unknown as AsOf,
      seen,
    };
  }
}

export function toStamp(seq: number | undefined): Stamp | null {
  return seq === undefined ? null : (seq as unknown as Stamp);
}

export function outcome(stored: boolean): StoreOutcome {
  return { stored, bytes: 0, compressed: false };
}
