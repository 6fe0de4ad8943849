import { CacheError, CacheErrorCode, type Clock } from '@larder/cache-core';
import type {
  AsOf,
  BusMessage,
  BusSubscriber,
  BusSubscription,
  CacheStore,
  EntryDraft,
  Fill,
  IncrementRequest,
  InvalidateOutcome,
  Invalidation,
  InvalidationBus,
  Lease,
  LeaseAnswers,
  LeaseHeld,
  LeaseOptions,
  LeaseRequest,
  ReadAnswer,
  ReadOptions,
  RetimeRequest,
  Seen,
  SharedEntry,
  SharedStore,
  Stamp,
  StampName,
  StoreCapabilities,
  StoreOutcome,
  UnreadableEntry,
  Write,
} from '@larder/cache-core/store';

interface Stored {
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

interface Held {
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

/**
 * The server of the reference `SharedStore`: one memory with a clock of its own (`seq`), as Redis would have it. Each
 * `attach()` is the store instance of one simulated process. For tests: nothing leaves the process.
 */
export class SharedMemory {
  readonly clock: Clock;
  readonly faults: SharedMemoryFaults;
  readonly entries = new Map<string, Stored>();
  readonly leases = new Map<string, Held>();
  readonly stamps = new Map<StampName, number>();
  readonly attached = new Set<AttachedStore>();
  /** Every operation, in order, for counting round trips. */
  readonly log: string[] = [];
  seq = 1;
  #ids = 0;

  constructor(clock: Clock, faults: SharedMemoryFaults = {}) {
    this.clock = clock;
    this.faults = faults;
  }

  attach(): AttachedStore {
    const store = new AttachedStore(this);
    this.attached.add(store);
    return store;
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

  announce(from: AttachedStore, message: BusMessage): void {
    if (this.faults.mute === true) return;
    for (const store of this.attached) if (store !== from) store.hear(message);
  }
}

/** One process's way to the shared memory, with its bus. Where it can be made slow, deaf or dead. */
export class AttachedStore implements CacheStore, SharedStore {
  readonly fence = 'lease';
  readonly capabilities: StoreCapabilities;
  /** Called before every operation; a test makes it wait or throw. */
  before: (operation: string) => Promise<void> | void = () => undefined;
  /** Called after every operation, before the answer arrives. */
  after: (operation: string) => Promise<void> | void = () => undefined;
  /** How a message of another process arrives; a test delays or drops it. */
  deliver: (message: BusMessage, now: () => void) => void = (_message, now) => now();
  subscriber: BusSubscriber | null = null;
  readonly #memory: SharedMemory;
  #connected = true;

  constructor(memory: SharedMemory) {
    this.#memory = memory;
    this.capabilities = { shared: this, bus: this.#bus(), versions: true };
  }

  async connect(): Promise<void> {
    this.#connected = true;
  }

  async disconnect(): Promise<void> {
    this.#connected = false;
    this.#memory.attached.delete(this);
  }

  isConnected(): boolean {
    return this.#connected;
  }

  async get<T>(key: string): Promise<T | null> {
    const entry = this.#memory.entry(`:${key}`);
    return entry === undefined || entry.unreadable !== undefined ? null : (entry.value as T);
  }

  async set<T>(key: string, value: T, ttl?: number): Promise<void> {
    const ttlMs = ttl === undefined ? Infinity : ttl * 1000;
    await this.write([
      { key: `:${key}`, entry: { value, ttlMs, graceMs: 0, loadMs: 0, stamps: [''], tags: [] } },
    ]);
  }

  async delete(key: string): Promise<void> {
    await this.invalidate({ keys: [`:${key}`], stamps: [], mode: 'delete' });
  }

  async clear(): Promise<void> {
    await this.invalidate({ keys: [], stamps: [''], mode: 'delete' });
  }

  read(keys: readonly string[], options: ReadOptions): Promise<ReadAnswer> {
    return this.#do('read', () => ({
      entries: keys.map((key) => this.#answer(this.#memory.entry(key))),
      stamps: options.stamps.map((name) => toStamp(this.#memory.stamps.get(name))),
    }));
  }

  lease(requests: readonly LeaseRequest[], { stamps, leaseMs }: LeaseOptions): Promise<LeaseAnswers> {
    return this.#do('lease', () => {
      const memory = this.#memory;
      const asOf = memory.next();
      const standing = stamps.filter((name) => memory.stamps.has(name));
      for (const name of stamps) if (!memory.stamps.has(name)) memory.stamps.set(name, asOf);
      return {
        answers: requests.map(({ key, seen }) => this.#lease(key, seen, asOf, leaseMs, standing)),
        stamps: stamps.map((name) => toStamp(memory.stamps.get(name))!),
      };
    });
  }

  renew(leases: readonly Lease[], leaseMs: number): Promise<boolean[]> {
    return this.#do('renew', () =>
      leases.map(({ key, lease }) => {
        const held = this.#memory.held(key);
        if (held?.id !== lease) return false;
        held.untilMs = this.#memory.clock.now() + leaseMs;
        return true;
      }),
    );
  }

  release(leases: readonly Lease[]): Promise<void> {
    return this.#do('release', () => {
      for (const { key, lease } of leases)
        if (this.#memory.held(key)?.id === lease) this.#memory.leases.delete(key);
    });
  }

  fill(fills: readonly Fill[]): Promise<StoreOutcome[]> {
    return this.#do('fill', () => fills.map((fill) => this.#fill(fill)));
  }

  write(writes: readonly Write[]): Promise<StoreOutcome[]> {
    return this.#do('write', () => {
      const memory = this.#memory;
      const seq = memory.next();
      const outcomes = writes.map(({ key, entry }) => {
        const current = memory.entry(key);
        if (this.#isOutranked(current, entry)) return outcome(false);
        for (const name of [...entry.stamps, ...entry.tags])
          if (!memory.stamps.has(name)) memory.stamps.set(name, seq);
        memory.leases.delete(key);
        this.#put(key, entry, seq);
        return outcome(true);
      });
      memory.announce(this, { keys: writes.map(({ key }) => key), stamps: [] });
      return outcomes;
    });
  }

  invalidate({ keys, stamps, mode }: Invalidation): Promise<InvalidateOutcome> {
    return this.#do('invalidate', () => {
      const memory = this.#memory;
      const seq = memory.next();
      for (const name of stamps) memory.stamps.set(name, seq);
      const found = keys.map((key) => {
        memory.leases.delete(key);
        const entry = memory.entry(key);
        if (entry === undefined) return false;
        if (mode === 'delete' || entry.graceMs === 0) memory.entries.delete(key);
        else this.#expire(entry);
        return true;
      });
      memory.announce(this, { keys, stamps });
      return { found, stamps: stamps.map((name) => toStamp(memory.stamps.get(name))!) };
    });
  }

  retime(requests: readonly RetimeRequest[]): Promise<boolean[]> {
    return this.#do('retime', () => {
      const nowMs = this.#memory.clock.now();
      return requests.map(({ key, seen, ttlMs, graceMs }) => {
        const entry = this.#memory.entry(key);
        if (entry === undefined || entry.id !== (seen as unknown as number)) return false;
        entry.freshUntilMs = nowMs + ttlMs;
        entry.keptUntilMs = nowMs + ttlMs + graceMs;
        this.#memory.announce(this, { keys: [key], stamps: [] });
        return true;
      });
    });
  }

  increment({ key, by, ttlMs, stamps, tags }: IncrementRequest): Promise<number> {
    return this.#do('increment', () => {
      const memory = this.#memory;
      const seq = memory.next();
      const entry = memory.entry(key);
      const nowMs = memory.clock.now();
      const alive = entry !== undefined && nowMs < entry.freshUntilMs && this.#isValid(entry, stamps);
      const current = alive ? entry.value : 0;
      if (!Number.isSafeInteger(current))
        throw new CacheError('Not a whole number.', CacheErrorCode.INVALID_VALUE);
      for (const name of [...stamps, ...tags]) if (!memory.stamps.has(name)) memory.stamps.set(name, seq);
      memory.leases.delete(key);
      const sum = (current as number) + by;
      if (alive) memory.entries.set(key, { ...entry, value: sum, id: memory.nextId() });
      else this.#put(key, { value: sum, ttlMs, graceMs: 0, loadMs: 0, stamps, tags }, seq);
      memory.announce(this, { keys: [key], stamps: [] });
      return sum;
    });
  }

  stamps(names: readonly StampName[]): Promise<(Stamp | null)[]> {
    return this.#do('stamps', () => names.map((name) => toStamp(this.#memory.stamps.get(name))));
  }

  isCurrent(asOf: AsOf, _name: StampName, stamp: Stamp): boolean {
    return (asOf as unknown as number) >= (stamp as unknown as number);
  }

  hear(message: BusMessage): void {
    this.deliver(message, () => this.subscriber?.invalidated(message));
  }

  #bus(): InvalidationBus {
    return {
      announcedByStore: true,
      subscribe: (subscriber): BusSubscription => {
        this.subscriber = subscriber;
        subscriber.alive(Infinity);
        return {
          publish: async () => undefined,
          close: async () => {
            this.subscriber = null;
          },
        };
      },
    };
  }

  async #do<T>(operation: string, work: () => T): Promise<T> {
    this.#memory.log.push(operation);
    await this.before(operation);
    const answer = work();
    await this.after(operation);
    return answer;
  }

  #lease(
    key: string,
    seen: Seen | undefined,
    asOf: number,
    leaseMs: number,
    stamps: readonly StampName[],
  ): Lease | SharedEntry | UnreadableEntry | LeaseHeld {
    const memory = this.#memory;
    const entry = memory.entry(key);
    if (entry !== undefined && entry.id !== (seen as unknown as number | undefined))
      return this.#answer(entry)!;
    const held = memory.held(key);
    // A lease that can store nothing any more, because one of these stamps has moved since, is as good as gone.
    const isDead = held !== undefined && stamps.some((name) => memory.stamps.get(name)! > held.asOf);
    if (held !== undefined && !isDead) return { held: true, heldMs: held.untilMs - memory.clock.now() };
    const id = String(memory.nextId());
    memory.leases.set(key, { id, asOf, untilMs: memory.clock.now() + leaseMs });
    return { lease: id, key, asOf: asOf as unknown as AsOf };
  }

  #fill({ lease, entry }: Fill): StoreOutcome {
    const memory = this.#memory;
    const held = memory.held(lease.key);
    const asOf = lease.asOf as unknown as number;
    if (held?.id !== lease.lease && memory.faults.ignoreLeases !== true) return outcome(false);
    if (held?.id === lease.lease) memory.leases.delete(lease.key);
    const current = memory.entry(lease.key);
    if (this.#isOutranked(current, entry)) return outcome(false);
    for (const name of [...entry.stamps, ...entry.tags]) {
      const known = memory.stamps.get(name);
      // A late tag that nobody knows is made now, after the load began: this entry is dead under it.
      if (known === undefined) memory.stamps.set(name, memory.next());
      if ((known === undefined || known > asOf) && memory.faults.ignoreStamps !== true) return outcome(false);
    }
    this.#put(lease.key, entry, memory.faults.ignoreStamps === true ? memory.seq : asOf);
    return outcome(true);
  }

  #put(key: string, draft: EntryDraft, asOf: number): void {
    const nowMs = this.#memory.clock.now();
    const { value, ttlMs, graceMs, loadMs, tags, version } = draft;
    const times = { freshUntilMs: nowMs + ttlMs, keptUntilMs: nowMs + ttlMs + graceMs };
    this.#memory.entries.set(key, {
      value,
      ttlMs,
      graceMs,
      loadMs,
      tags,
      version,
      ...times,
      asOf,
      id: this.#memory.nextId(),
    });
  }

  #expire(entry: Stored): void {
    const nowMs = this.#memory.clock.now();
    entry.freshUntilMs = Math.min(entry.freshUntilMs, nowMs);
    entry.keptUntilMs = Math.min(entry.keptUntilMs, nowMs + entry.graceMs);
  }

  /** Whether a higher version is kept that is still valid. */
  #isOutranked(current: Stored | undefined, { version, stamps }: EntryDraft): boolean {
    if (version === undefined || current?.version === undefined || current.version <= version) return false;
    return this.#isValid(current, stamps);
  }

  #isValid(entry: Stored, stamps: readonly StampName[]): boolean {
    return [...stamps, ...entry.tags].every(
      (name) => (this.#memory.stamps.get(name) ?? Infinity) <= entry.asOf,
    );
  }

  #answer(entry: Stored | undefined): SharedEntry | UnreadableEntry | null {
    if (entry === undefined) return null;
    const seen = entry.id as unknown as Seen;
    if (entry.unreadable !== undefined) return { unreadable: entry.unreadable, seen };
    const nowMs = this.#memory.clock.now();
    const { value, ttlMs, graceMs, loadMs, tags, version } = entry;
    return {
      value,
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

function toStamp(seq: number | undefined): Stamp | null {
  return seq === undefined ? null : (seq as unknown as Stamp);
}

function outcome(stored: boolean): StoreOutcome {
  return { stored, bytes: 0, compressed: false };
}
