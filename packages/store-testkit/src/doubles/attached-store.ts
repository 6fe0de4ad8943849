import { CacheError, CacheErrorCode } from '@larder/cache-core';
import type {
  AsOf,
  BusMessage,
  BusSubscriber,
  BusSubscription,
  CacheStore,
  Fill,
  IncrementRequest,
  InvalidateOutcome,
  Invalidation,
  InvalidationBus,
  Lease,
  LeaseAnswers,
  LeaseOptions,
  LeaseRequest,
  ReadAnswer,
  ReadOptions,
  RetimeRequest,
  SharedStore,
  Stamp,
  StampName,
  StoreCapabilities,
  StoreOutcome,
  Write,
} from '@larder/cache-core/store';
import { checkKey, checkValue, durationMs } from '@larder/cache-core/store';
import { outcome, type SharedServer, toStamp } from './shared-server.ts';

/** One process's way to a `SharedMemory`, with its bus. Where it can be made slow, deaf or dead. */
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
  readonly #memory: SharedServer;
  #connected = true;

  /** @param more capabilities beside its own, or instead of them */
  constructor(memory: SharedServer, more: StoreCapabilities = {}) {
    this.#memory = memory;
    this.capabilities = { shared: this, bus: this.#bus(), versions: true, ...more };
  }

  async connect(): Promise<void> {
    this.#connected = true;
    this.#memory.attached.add(this);
  }

  async disconnect(): Promise<void> {
    this.#connected = false;
    this.#memory.attached.delete(this);
  }

  isConnected(): boolean {
    return this.#connected;
  }

  async get<T>(key: string): Promise<T | null> {
    const address = `:${checkKey(key)}`;
    return this.#do('get', () => {
      const entry = this.#memory.entry(address);
      if (entry === undefined || entry.unreadable !== undefined) return null;
      const isFresh = this.#memory.clock.now() < entry.freshUntilMs && this.#memory.isValid(entry, ['']);
      return isFresh ? this.#memory.copy(entry.value as T) : null;
    });
  }

  async set<T>(key: string, value: T, ttl?: number): Promise<void> {
    const address = `:${checkKey(key)}`;
    checkValue(key, value);
    const ttlMs = ttl === undefined ? Infinity : durationMs(ttl, 'ttl');
    if (ttlMs === 0) return this.delete(key);
    const entry = { value, ttlMs, graceMs: 0, loadMs: 0, stamps: [''], tags: [] };
    await this.#write([{ key: address, entry }], null);
  }

  async delete(key: string): Promise<void> {
    await this.#invalidate({ keys: [`:${checkKey(key)}`], stamps: [], mode: 'delete' }, null);
  }

  async clear(): Promise<void> {
    await this.#invalidate({ keys: [], stamps: [''], mode: 'delete' }, null);
  }

  read(keys: readonly string[], options: ReadOptions): Promise<ReadAnswer> {
    return this.#do('read', () => ({
      entries: keys.map((key) => this.#memory.answer(this.#memory.entry(key))),
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
        answers: requests.map(({ key, seen }) => memory.lend(key, seen, asOf, leaseMs, standing)),
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
    return this.#do('fill', () => {
      for (const { entry } of fills) this.#memory.copy(entry.value);
      return fills.map((fill) => this.#memory.fill(fill));
    });
  }

  write(writes: readonly Write[]): Promise<StoreOutcome[]> {
    return this.#write(writes, this);
  }

  invalidate(invalidation: Invalidation): Promise<InvalidateOutcome> {
    return this.#invalidate(invalidation, this);
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
      const alive = entry !== undefined && nowMs < entry.freshUntilMs && memory.isValid(entry, stamps);
      const current = alive ? entry.value : 0;
      if (!Number.isSafeInteger(current) || !Number.isSafeInteger((current as number) + by))
        throw new CacheError('Not a whole number.', CacheErrorCode.INVALID_VALUE);
      for (const name of [...stamps, ...tags]) if (!memory.stamps.has(name)) memory.stamps.set(name, seq);
      memory.leases.delete(key);
      const sum = (current as number) + by;
      if (alive) memory.entries.set(key, { ...entry, value: sum, id: memory.nextId() });
      else memory.put(key, { value: sum, ttlMs, graceMs: 0, loadMs: 0, stamps, tags }, seq);
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

  /** @param from null: it came by the store's own methods, of which a cache over this instance has to hear, too */
  #write(writes: readonly Write[], from: this | null): Promise<StoreOutcome[]> {
    return this.#do('write', () => {
      const memory = this.#memory;
      // What cannot be copied is refused before anything is done.
      for (const { entry } of writes) memory.copy(entry.value);
      const seq = memory.next();
      const outcomes = writes.map(({ key, entry }) => {
        const current = memory.entry(key);
        if (memory.isOutranked(current, entry)) return outcome(false);
        for (const name of [...entry.stamps, ...entry.tags])
          if (!memory.stamps.has(name)) memory.stamps.set(name, seq);
        memory.leases.delete(key);
        memory.put(key, entry, seq);
        return outcome(true);
      });
      memory.announce(from, { keys: writes.map(({ key }) => key), stamps: [] });
      return outcomes;
    });
  }

  #invalidate({ keys, stamps, mode }: Invalidation, from: this | null): Promise<InvalidateOutcome> {
    return this.#do('invalidate', () => {
      const memory = this.#memory;
      const seq = memory.next();
      for (const name of stamps) memory.stamps.set(name, seq);
      const found = keys.map((key) => {
        memory.leases.delete(key);
        const entry = memory.entry(key);
        if (entry === undefined) return false;
        if (mode === 'delete' || entry.graceMs === 0) memory.entries.delete(key);
        else memory.expire(entry);
        return true;
      });
      memory.announce(from, { keys, stamps });
      return { found, stamps: stamps.map((name) => toStamp(memory.stamps.get(name))!) };
    });
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
    if (!this.#connected)
      throw new CacheError('This store is disconnected.', CacheErrorCode.CLOSED, {
        details: { applied: 'no' },
      });
    this.#memory.log.push(operation);
    await this.before(operation);
    const answer = work();
    await this.after(operation);
    return answer;
  }
}
