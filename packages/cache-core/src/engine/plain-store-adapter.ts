import { randomUUID } from 'node:crypto';
import type { CacheStore } from '../contracts/cache-store.ts';
import type {
  EntryDraft,
  Fill,
  IncrementRequest,
  InvalidateOutcome,
  Invalidation,
  Lease,
  LeaseAnswers,
  LeaseOptions,
  LeaseRequest,
  ReadAnswer,
  ReadOptions,
  SharedEntry,
  SharedStore,
  StoreOutcome,
  Write,
} from '../contracts/shared-store.ts';
import type { AsOf, Seen, Stamp, StampName } from '../contracts/stamp.ts';

/** What is remembered of an entry that carries a tag or stands in a namespace. */
interface Remembered {
  readonly asOf: number;
  readonly tags: readonly StampName[];
}

const MAX_REMEMBERED = 100_000;
const ROOT = ':';
const WRAPPED = '@larder/wrapped';

/**
 * Makes a store of seven methods do what the engine asks of a shared one, as far as one process can (S22): leases and
 * stamps live in memory here, there is no grace in the store, and of another process's work nothing is known.
 *
 * An entry in a namespace or with tags is stored in a wrapper that names this adapter; whoever does not remember its
 * stamps, this process after a restart or another one, takes it as absent: it fails closed. All other values are
 * stored as they are.
 */
export class PlainStoreAdapter implements SharedStore {
  readonly fence = 'lease';
  readonly increment?: (request: IncrementRequest) => Promise<number>;
  readonly #store: CacheStore;
  readonly #incarnation = randomUUID();
  #now = 1;
  #leases = 0;
  readonly #held = new Map<string, string>();
  readonly #stamps = new Map<StampName, number>();
  readonly #remembered = new Map<string, Remembered>();
  /** The last step under way for a key: mutations of one key follow one another. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(store: CacheStore) {
    this.#store = store;
    const counters = store.capabilities?.counters;
    if (counters !== undefined) {
      this.increment = async ({ key, by, ttlMs }) => {
        this.#held.delete(key);
        return counters.increment(storeKey(key), by, ttlMs === Infinity ? undefined : ttlMs / 1000);
      };
    }
  }

  async read(keys: readonly string[], options: ReadOptions): Promise<ReadAnswer> {
    const entries = await Promise.all(keys.map((key) => this.#read(key)));
    return { entries, stamps: options.stamps.map((name) => this.#stamp(name)) };
  }

  async lease(requests: readonly LeaseRequest[], options: LeaseOptions): Promise<LeaseAnswers> {
    const stamps = options.stamps.map((name) => this.#stamp(name));
    return { answers: requests.map(({ key }) => this.#lease(key)), stamps };
  }

  async renew(leases: readonly Lease[]): Promise<boolean[]> {
    return leases.map((lease) => this.#held.get(lease.key) === lease.lease);
  }

  async release(leases: readonly Lease[]): Promise<void> {
    for (const lease of leases) if (this.#held.get(lease.key) === lease.lease) this.#held.delete(lease.key);
  }

  async fill(fills: readonly Fill[]): Promise<StoreOutcome[]> {
    return Promise.all(fills.map((fill) => this.#inTurn(fill.lease.key, () => this.#fill(fill))));
  }

  async write(writes: readonly Write[]): Promise<StoreOutcome[]> {
    return Promise.all(
      writes.map(({ key, entry }) => {
        this.#held.delete(key);
        const asOf = this.#now;
        return this.#inTurn(key, async () => {
          await this.#put(key, entry, asOf);
          return STORED;
        });
      }),
    );
  }

  async invalidate({ keys, stamps }: Invalidation): Promise<InvalidateOutcome> {
    for (const name of stamps) {
      this.#now += 1;
      this.#stamps.set(name, this.#now);
    }
    for (const key of keys) this.#held.delete(key);
    if (stamps.includes('')) {
      this.#held.clear();
      this.#remembered.clear();
      await Promise.allSettled(this.#turns.values());
      await this.#store.clear();
    }
    await Promise.all(keys.map((key) => this.#inTurn(key, () => this.#store.delete(storeKey(key)))));
    return { found: keys.map(() => true), stamps: stamps.map((name) => this.#stamp(name)) };
  }

  async stamps(names: readonly StampName[]): Promise<(Stamp | null)[]> {
    return names.map((name) => this.#stamp(name));
  }

  isCurrent(asOf: AsOf, _name: StampName, stamp: Stamp): boolean {
    return (stamp as unknown as number) <= (asOf as unknown as number);
  }

  async #read(key: string): Promise<SharedEntry | null> {
    const stored = await this.#store.get(storeKey(key));
    if (stored === null || stored === undefined) return null;
    const wrapped = isWrapped(stored);
    const known = wrapped && stored[WRAPPED] === this.#incarnation ? this.#remembered.get(key) : undefined;
    if (wrapped && known === undefined) return null;
    return {
      value: wrapped ? stored.value : stored,
      freshMs: Infinity,
      keptMs: Infinity,
      ttlMs: Infinity,
      graceMs: 0,
      loadMs: 0,
      asOf: (known?.asOf ?? this.#now) as unknown as AsOf,
      seen: key as unknown as Seen,
      tags: known?.tags ?? [],
    };
  }

  #lease(key: string): Lease {
    this.#leases += 1;
    const lease = String(this.#leases);
    this.#held.set(key, lease);
    return { lease, key, asOf: this.#now as unknown as AsOf };
  }

  async #fill({ lease, entry }: Fill): Promise<StoreOutcome> {
    const asOf = lease.asOf as unknown as number;
    const names = [...entry.stamps, ...entry.tags];
    const current = names.every((name) => (this.#stamps.get(name) ?? 0) <= asOf);
    if (!current || this.#held.get(lease.key) !== lease.lease) return REFUSED;
    await this.#put(lease.key, entry, asOf);
    if (this.#held.get(lease.key) === lease.lease) this.#held.delete(lease.key);
    return STORED;
  }

  async #put(key: string, entry: EntryDraft, asOf: number): Promise<void> {
    this.#remembered.delete(key);
    const wrap = entry.tags.length > 0 || !key.startsWith(ROOT);
    if (wrap) this.#remember(key, { asOf, tags: entry.tags });
    const value = wrap ? { [WRAPPED]: this.#incarnation, value: entry.value } : entry.value;
    await this.#store.set(storeKey(key), value, entry.ttlMs === Infinity ? undefined : entry.ttlMs / 1000);
  }

  #remember(key: string, remembered: Remembered): void {
    this.#remembered.set(key, remembered);
    if (this.#remembered.size <= MAX_REMEMBERED) return;
    for (const oldest of this.#remembered.keys()) {
      this.#remembered.delete(oldest);
      return;
    }
  }

  /** Runs a step after those of the same key that were asked for earlier. */
  #inTurn<T>(key: string, step: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(key);
    const turn = before === undefined ? step() : before.then(step, step);
    this.#turns.set(key, turn);
    const done = (): void => {
      if (this.#turns.get(key) === turn) this.#turns.delete(key);
    };
    turn.then(done, done);
    return turn;
  }

  #stamp(name: StampName): Stamp {
    return (this.#stamps.get(name) ?? 0) as unknown as Stamp;
  }
}

const STORED: StoreOutcome = { stored: true, bytes: 0, compressed: false };
const REFUSED: StoreOutcome = { stored: false, bytes: 0, compressed: false };

function isWrapped(stored: unknown): stored is { readonly [WRAPPED]: unknown; readonly value: unknown } {
  return typeof stored === 'object' && stored !== null && WRAPPED in stored;
}

/** Root keys keep their names in the store; one that could be taken for an address in a namespace keeps its colon. */
function storeKey(address: string): string {
  if (!address.startsWith(ROOT)) return address;
  const key = address.slice(1);
  return key.startsWith('@') || key.startsWith(ROOT) || key === '' ? address : key;
}
