import { randomUUID } from 'node:crypto';
import type { CacheStore } from '../contracts/cache-store.ts';
import type { Clock } from '../contracts/clock.ts';
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
import { CacheError } from '../errors/cache-error.ts';
import { CacheErrorCode } from '../errors/error-code.ts';

/** What is remembered of an entry that carries a tag or stands in a namespace. */
interface Remembered {
  /** Which of the values stored under the key it belongs to: an older one may still be read meanwhile. */
  readonly id: number;
  readonly asOf: number;
  readonly tags: readonly StampName[];
}

/** A step under way, and when it was asked for. */
interface Turn {
  readonly work: Promise<unknown>;
  readonly sinceMs: number;
}

const MAX_REMEMBERED = 100_000;
const MAX_STAMPS = 100_000;
/** A step that takes longer has met a store that does not answer: the next one goes without it. */
const LONGEST_TURN_MS = 2000;
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
  #ids = 0;
  readonly #held = new Map<string, string>();
  readonly #stamps = new Map<StampName, number>();
  #floor = 0;
  readonly #remembered = new Map<string, Remembered>();
  /** The last step under way for a key: mutations of one key follow one another. */
  readonly #turns = new Map<string, Turn>();
  readonly #clock: Clock;

  constructor(store: CacheStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
    const counters = store.capabilities?.counters;
    if (counters !== undefined) {
      this.increment = async ({ key, by, ttlMs, tags }) => {
        // It would be stored as it is: nothing could tell whether its namespace or its tags have been invalidated since.
        if (!key.startsWith(ROOT)) throw unsupported('count in a namespace', 'Use a counter outside of it.');
        if (tags.length > 0) throw unsupported('tag a counter', 'Count without tags.');
        this.#held.delete(key);
        const ttl = ttlMs === Infinity ? undefined : ttlMs / 1000;
        return this.#inTurn(key, () => counters.increment(storeKey(key), by, ttl));
      };
    }
  }

  async read(keys: readonly string[], options: ReadOptions): Promise<ReadAnswer> {
    const looks = await Promise.allSettled(keys.map((key) => this.#read(key)));
    const failed = looks.filter((look) => look.status === 'rejected');
    if (failed.length > 0 && failed.length === looks.length) throw failed[0]!.reason;
    // One key that cannot be read is no reason to load the others.
    const entries = looks.map((look) => (look.status === 'fulfilled' ? look.value : null));
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
    for (const { entry } of writes) refuseVersion(entry);
    const written = await Promise.allSettled(
      writes.map(({ key, entry }) => {
        this.#held.delete(key);
        const asOf = this.#now;
        return this.#inTurn(key, async () => {
          await this.#put(key, entry, asOf);
        });
      }),
    );
    throwFailures(written);
    return writes.map(() => STORED);
  }

  async invalidate({ keys, stamps, mode }: Invalidation): Promise<InvalidateOutcome> {
    // Only who makes stale at once is told whether there was something: a deletion costs no look.
    const found =
      mode === 'expire'
        ? (await this.read(keys, { stamps: [] })).entries.map((entry) => entry !== null)
        : keys.map(() => true);
    for (const name of stamps) {
      this.#now += 1;
      this.#stamps.set(name, this.#now);
      if (this.#stamps.size > MAX_STAMPS) this.#forgetOldestStamp();
    }
    for (const key of keys) this.#held.delete(key);
    if (stamps.includes('')) {
      this.#held.clear();
      this.#remembered.clear();
      await Promise.all([...this.#turns.values()].map((turn) => this.#ended(turn)));
      await this.#store.clear();
    }
    throwFailures(
      await Promise.allSettled(keys.map((key) => this.#inTurn(key, () => this.#store.delete(storeKey(key))))),
    );
    return { found, stamps: stamps.map((name) => this.#stamp(name)) };
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
    // Nor is a bare value in a namespace ours: only the root keeps values as they are.
    if (!wrapped && !key.startsWith(ROOT)) return null;
    if (wrapped && (known === undefined || known.id !== stored.id)) return null;
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
    refuseVersion(entry);
    const asOf = lease.asOf as unknown as number;
    const names = [...entry.stamps, ...entry.tags];
    const current = names.every((name) => (this.#stamps.get(name) ?? this.#floor) <= asOf);
    if (!current || this.#held.get(lease.key) !== lease.lease) return REFUSED;
    await this.#put(lease.key, entry, asOf);
    if (this.#held.get(lease.key) === lease.lease) this.#held.delete(lease.key);
    return STORED;
  }

  async #put(key: string, entry: EntryDraft, asOf: number): Promise<void> {
    this.#remembered.delete(key);
    // A user's value that looks like a wrapper goes into one, or it would be taken apart.
    const wrap = entry.tags.length > 0 || !key.startsWith(ROOT) || isWrapped(entry.value);
    this.#ids += 1;
    const id = this.#ids;
    if (wrap) this.#remember(key, { id, asOf, tags: entry.tags });
    const value = wrap ? { [WRAPPED]: this.#incarnation, id, value: entry.value } : entry.value;
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

  /** Runs a step after those of the same key that were asked for earlier; one that hangs is not waited for without end. */
  #inTurn<T>(key: string, step: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(key);
    // A store that answers no promise has answered all the same.
    const work = before === undefined ? (async () => step())() : this.#ended(before).then(step);
    const turn: Turn = { work, sinceMs: this.#clock.now() };
    this.#turns.set(key, turn);
    const done = (): void => {
      if (this.#turns.get(key) === turn) this.#turns.delete(key);
    };
    work.then(done, done);
    return work;
  }

  #ended({ work, sinceMs }: Turn): Promise<void> {
    const leftMs = Math.max(0, sinceMs + LONGEST_TURN_MS - this.#clock.now());
    return new Promise((resolve) => {
      const timer = this.#clock.schedule(resolve, leftMs, { ref: false });
      const end = (): void => {
        timer.cancel();
        resolve();
      };
      work.then(end, end);
    });
  }

  #stamp(name: StampName): Stamp {
    return (this.#stamps.get(name) ?? this.#floor) as unknown as Stamp;
  }

  /** What is no longer known counts as moved when the youngest of the forgotten did: it fails closed (P18). */
  #forgetOldestStamp(): void {
    for (const [name, movedAt] of this.#stamps) {
      this.#stamps.delete(name);
      this.#floor = movedAt;
      return;
    }
  }
}

const STORED: StoreOutcome = { stored: true, bytes: 0, compressed: false };
const REFUSED: StoreOutcome = { stored: false, bytes: 0, compressed: false };

function refuseVersion({ version }: EntryDraft): void {
  if (version !== undefined) throw unsupported('compare versions', 'Leave `version` out.');
}

function unsupported(what: string, instead: string): CacheError {
  return new CacheError(`This store cannot ${what}. ${instead}`, CacheErrorCode.UNSUPPORTED);
}

/** One error for all; where only some have failed, it says which. */
function throwFailures(outcomes: readonly PromiseSettledResult<unknown>[]): void {
  const failed = outcomes.flatMap((outcome, index) => (outcome.status === 'rejected' ? [index] : []));
  if (failed.length === 0) return;
  const { reason } = outcomes[failed[0]!] as PromiseRejectedResult;
  if (failed.length === outcomes.length) throw reason;
  throw new CacheError(`${failed.length} of ${outcomes.length} keys failed.`, CacheErrorCode.BULK_FAILED, {
    cause: reason,
    retryable: true,
    details: { failed, applied: 'unknown' },
  });
}

function isWrapped(
  stored: unknown,
): stored is { readonly [WRAPPED]: unknown; readonly id: unknown; readonly value: unknown } {
  return typeof stored === 'object' && stored !== null && WRAPPED in stored;
}

/** Root keys keep their names in the store; one that could be taken for an address in a namespace keeps its colon. */
function storeKey(address: string): string {
  if (!address.startsWith(ROOT)) return address;
  const key = address.slice(1);
  return key.startsWith('@') || key.startsWith(ROOT) || key === '' ? address : key;
}
