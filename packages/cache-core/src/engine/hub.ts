import type { CacheStore } from '../contracts/cache-store.ts';
import type { Clock } from '../contracts/clock.ts';
import type { BusGap, BusMessage } from '../contracts/invalidation-bus.ts';
import type { StampName } from '../contracts/stamp.ts';
import { CacheError } from '../errors/cache-error.ts';
import { CacheErrorCode } from '../errors/error-code.ts';
import { locate } from '../memory/address.ts';
import type { MemoryEntry } from '../memory/memory-entry.ts';
import { resolveMemoryOptions } from '../memory/memory-options.ts';
import { MemoryStore, tableOf } from '../memory/memory-store.ts';
import { MemoryTable } from '../memory/memory-table.ts';
import { LatencyHistogram } from '../observe/latency-histogram.ts';
import { StoreCounters } from '../observe/statistics.ts';
import { CircuitBreaker } from '../resilience/circuit-breaker.ts';
import { Watchdog } from '../resilience/deadline.ts';
import { BusLink } from './bus-link.ts';
import { Failures } from './failures.ts';
import { differingOption, type HubOptions } from './hub-options.ts';
import { KnownStamps } from './known-stamps.ts';
import { L1Lease } from './l1-lease.ts';
import { LeaseKeeper } from './lease-keeper.ts';
import { LoadLimit } from './load-limit.ts';
import { PlainStoreAdapter } from './plain-store-adapter.ts';
import { StoreCalls } from './store-calls.ts';

/** Who wants to hear of what happens to a hub: the managers on it. */
export interface HubListener {
  invalidated(stamps: readonly StampName[]): void;
  flushed(cause: BusGap): void;
  breakerChanged(state: CircuitBreaker['state'], cause: string): void;
}

const hubs = new WeakMap<CacheStore, Hub>();
/** Stores that the last hub on them has let go, or is about to. */
const released = new WeakMap<CacheStore, Promise<unknown>>();

/**
 * What must exist once for a store instance in this process: memory, work under way, known stamps, the L1 lease, the
 * breaker. Managers, namespaces and tagged caches are views on it. Two managers on one store share it; two instances
 * of a store behave as two processes.
 */
export class Hub {
  readonly store: CacheStore;
  readonly clock: Clock;
  /** Entries, and the register of work under way. Without L1 only the latter is used. */
  readonly table: MemoryTable;
  readonly keepsL1: boolean;
  /** Null: memory is all there is. */
  readonly shared: StoreCalls | null;
  readonly leases: LeaseKeeper | null;
  readonly breaker: CircuitBreaker;
  readonly watchdog: Watchdog;
  readonly counters = new StoreCounters();
  readonly failures = new Failures();
  readonly loadLimit: LoadLimit;
  readonly knownStamps: KnownStamps;
  readonly bus: BusLink | null;
  readonly options: HubOptions;
  readonly listeners = new Set<HubListener>();
  /** Whether an own copy is good only under the L1 lease or for a short while: there is a store or a bus beside memory. */
  readonly leased: boolean;
  /** For how long, and for what, the bus has vouched for memory. */
  readonly lease: L1Lease;
  /** Loads under way, for the cap on them and for closing. */
  inFlight = 0;
  readonly #isAlone: boolean;
  readonly #stopListening: (() => void) | undefined;
  #managers = 0;

  private constructor(store: CacheStore, options: HubOptions) {
    this.store = store;
    this.options = options;
    const memory = store instanceof MemoryStore ? tableOf(store) : null;
    // A memory that its last cache has closed begins anew with the next.
    if (memory !== null && !store.isConnected()) void store.connect();
    const sharedStore =
      memory !== null ? null : (store.capabilities?.shared ?? new PlainStoreAdapter(store, options.clock));
    const bus = options.bus === false ? undefined : (options.bus ?? store.capabilities?.bus);
    this.clock = memory?.clock ?? options.clock;
    this.keepsL1 = memory !== null || (options.l1 === undefined ? bus !== undefined : options.l1 !== false);
    this.table = memory ?? new MemoryTable(resolveMemoryOptions(l1Options(options), 'l1'));
    this.#isAlone = store.capabilities?.shared === undefined && bus === undefined;
    this.leased = sharedStore !== null || bus !== undefined;
    this.watchdog = new Watchdog(this.clock);
    this.breaker = new CircuitBreaker({
      clock: this.clock,
      onChange: (state, cause) => {
        for (const listener of this.listeners) listener.breakerChanged(state, cause);
      },
    });
    // A server that is back need not wait for the end of a back-off (P9).
    this.#stopListening = store.capabilities?.remote?.onReady(() => this.breaker.ready());
    const { clock, watchdog, breaker, counters } = this;
    this.shared =
      sharedStore === null
        ? null
        : new StoreCalls({ store: sharedStore, clock, watchdog, breaker, counters, logger: options.logger });
    this.leases =
      this.shared === null
        ? null
        : new LeaseKeeper({
            calls: this.shared,
            clock,
            timeoutMs: options.storeTimeoutMs,
            latency: new LatencyHistogram(),
          });
    this.loadLimit = new LoadLimit(this.clock, options.maxConcurrentLoads);
    this.lease = new L1Lease(options.maxStalenessMs);
    this.knownStamps = new KnownStamps(this.table.generations, () => this.hasLiveLease());
    this.bus = bus === undefined ? null : new BusLink(bus, this, options.maxStalenessMs);
  }

  /**
   * The hub of a store, made by the first who asks.
   * @throws INVALID_CONFIGURATION where it was made with other options
   */
  static of(store: CacheStore, options: HubOptions, given: ReadonlySet<string>): Hub {
    const existing = hubs.get(store);
    if (existing !== undefined) {
      existing.#mustAgree(options, given);
      return existing;
    }
    if (store instanceof MemoryStore) refuseBesideMemory(store, options, given);
    const hub = new Hub(store, options);
    hubs.set(store, hub);
    // What its last cache has closed begins anew with the next.
    void released
      .get(store)
      ?.then(() => (hubs.get(store) === hub ? store.connect() : undefined))
      .catch(() => undefined);
    return hub;
  }

  join(listener: HubListener): void {
    this.#managers += 1;
    this.listeners.add(listener);
  }

  /** True for the last one: the hub is finished then, and the next manager on the store gets a new one. */
  leave(listener: HubListener): boolean {
    this.listeners.delete(listener);
    this.#managers -= 1;
    if (this.#managers > 0) return false;
    hubs.delete(this.store);
    return true;
  }

  /** The last manager has closed: leases go back, nothing ticks any more, the store is released. */
  end(withinMs: number): Promise<void> {
    const ended = this.#end(withinMs);
    released.set(
      this.store,
      ended.catch(() => undefined),
    );
    return ended;
  }

  async #end(withinMs: number): Promise<void> {
    await this.leases?.releaseAll();
    this.#stopListening?.();
    // Nobody is kept waiting for long by a store that does not let go; nor is the store kept by a bus that fails.
    const limitMs = Math.max(withinMs, this.options.storeTimeoutMs);
    const failures: unknown[] = [];
    for (const release of [async () => this.bus?.close(), () => this.#releaseStore()]) {
      await this.watchdog
        .guard(release(), limitMs, () => tooLate(limitMs))
        .catch((error) => failures.push(error));
    }
    this.table.stop();
    if (this.shared !== null) this.table.clear(this.table.root);
    this.watchdog.close();
    if (failures.length > 0) throw failures[0];
  }

  /** A store that another cache has taken up meanwhile is its now. */
  async #releaseStore(): Promise<void> {
    if (!hubs.has(this.store)) await this.store.disconnect();
  }

  /** Whether the bus vouches for memory now. */
  hasLiveLease(): boolean {
    return this.lease.isLive(this.clock.now());
  }

  /**
   * Forgets, here, everything that a stamp or a key covers, and poisons what is under way for it. Called before and
   * after the store is told, and for every message of the bus.
   */
  purge(addresses: readonly string[], stamps: readonly StampName[]): void {
    for (const address of addresses) this.purgeAddress(address);
    for (const stamp of stamps) this.#purgeStamp(stamp);
  }

  purgeAddress(address: string): void {
    this.failures.delete(address);
    const located = locate(address);
    const place = located === null ? undefined : this.table.root.find(located.path);
    if (located === null || place === undefined) return;
    place.moveKey(located.key);
    this.table.remove(place, located.key);
  }

  /** The bus proves that it works. */
  proven(sinceMs: number): void {
    // Stamps that were asked for before the lease began may have moved unheard.
    if (this.lease.prove(sinceMs, this.clock.now())) this.knownStamps.clear();
  }

  /**
   * Whether a caller who comes now may wait for a load or a look that began then. Of other processes nothing is heard
   * without a live bus: then the work must be younger than the D of the promises. Over a store without the shared
   * contract nothing is promised about other processes, and all wait together.
   */
  mayJoin(startedMs: number): boolean {
    return this.#isAlone || this.lease.vouchesFor(startedMs, this.clock.now());
  }

  /** A message of another process, or of another hub in this one. */
  heard(message: BusMessage): void {
    this.purge(message.keys, message.stamps);
    if (message.stamps.length > 0)
      for (const listener of this.listeners) listener.invalidated(message.stamps);
  }

  /** Nothing that is in memory can be vouched for any more. */
  flush(cause: BusGap): void {
    // Of a flood of gaps the first empties memory and is told of; the others only poison what has begun since.
    const empty = this.table.lru.size === 0 && !this.hasLiveLease();
    this.lease.lose();
    this.counters.flushed(cause);
    this.knownStamps.clear();
    this.#clearPlace('');
    if (!empty) for (const listener of this.listeners) listener.flushed(cause);
  }

  #purgeStamp(stamp: StampName): void {
    if (stamp === '') this.#clearPlace('');
    else if (stamp.startsWith('n:')) this.#clearPlace(stamp.slice(2));
    else {
      this.table.generations.moveTag(stamp);
      this.knownStamps.forget(stamp);
    }
  }

  #clearPlace(path: string): void {
    this.failures.clear();
    const place = this.table.root.find(path);
    if (place !== undefined) this.table.clear(place);
  }

  #mustAgree(options: HubOptions, given: ReadonlySet<string>): void {
    const differing = differingOption(options, { ...this.options, clock: this.clock }, given);
    if (differing === undefined) return;
    throw new CacheError(
      `The option ${differing} differs from that of another cache on the same store instance. ` +
        'It belongs to the store: give it to the first cache alone, give the same to all, or use a store instance of its own.',
      CacheErrorCode.INVALID_CONFIGURATION,
      { details: { option: differing } },
    );
  }
}

function tooLate(limitMs: number): CacheError {
  return new CacheError(`The store did not close within ${limitMs} ms.`, CacheErrorCode.OPERATION_TIMEOUT, {
    details: { limitMs },
  });
}

/** A memory that is made already has its bounds and its clock. */
function refuseBesideMemory(store: MemoryStore, options: HubOptions, given: ReadonlySet<string>): void {
  const clash = given.has('l1')
    ? 'l1'
    : given.has('clock') && options.clock !== tableOf(store).clock
      ? 'clock'
      : null;
  if (clash === null) return;
  throw new CacheError(
    `The option ${clash} cannot be used beside a MemoryStore that is made already: give it to the MemoryStore.`,
    CacheErrorCode.INVALID_CONFIGURATION,
    { details: { option: clash } },
  );
}

function l1Options(options: HubOptions): object {
  const l1 = typeof options.l1 === 'object' ? options.l1 : {};
  return { clock: options.clock, ...l1 };
}

/** Whether an entry in memory may be served at all: its tags stand, and the bus or its youth vouches for it (S6). */
export function mayServe(hub: Hub, entry: MemoryEntry, nowMs: number): boolean {
  if (hub.leased && !hub.lease.vouchesFor(entry.startedMs, nowMs)) return false;
  return entry.isCurrent();
}
