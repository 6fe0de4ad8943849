import type {
  AsOf,
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
  RetimeRequest,
  SharedStore,
  Stamp,
  StampName,
  StoreOutcome,
  Write,
} from '@larder/cache-core/store';
import { isAsOf, type Moment } from '../entries/entry-header.ts';
import type { Backend } from './backend.ts';
import { Counter } from './counter.ts';
import { EntryJudge } from './entry-judge.ts';
import { EntryWriter } from './entry-writer.ts';
import { Invalidator } from './invalidator.ts';
import { Leases } from './leases.ts';
import type { ReadQueue } from './read-queue.ts';

/**
 * The operations that carry the guarantees, on one Redis server. Reads are plain commands; whatever has to be one step is a script.
 *
 * | operation | round trips |
 * | --- | --- |
 * | `read`, `stamps` | 1, shared by all reads of a tick |
 * | `lease`, `renew`, `release`, `fill`, `write`, `invalidate`, `retime`, `increment` | 1 |
 * | a versioned `write` or `fill` over a higher version; `increment` of a counter that has tags or was set with other options | up to 3 more |
 * | more than 500 keys | so many for each 500, side by side |
 */
export class RedisSharedStore implements SharedStore {
  readonly fence = 'lease';
  readonly #reads: ReadQueue;
  readonly #leases: Leases;
  readonly #writer: EntryWriter;
  readonly #invalidator: Invalidator;
  readonly #counter: Counter;

  constructor(backend: Backend, reads: ReadQueue) {
    this.#reads = reads;
    this.#leases = new Leases(backend);
    this.#writer = new EntryWriter(backend, new EntryJudge(reads));
    this.#invalidator = new Invalidator(backend);
    this.#counter = new Counter(backend);
  }

  read(keys: readonly string[], options: ReadOptions): Promise<ReadAnswer> {
    return this.#reads.read(keys, options.stamps);
  }

  async stamps(names: readonly StampName[]): Promise<(Stamp | null)[]> {
    const { stamps } = await this.#reads.read([], names);
    return [...stamps];
  }

  lease(requests: readonly LeaseRequest[], options: LeaseOptions): Promise<LeaseAnswers> {
    return this.#leases.lease(requests, options);
  }

  renew(leases: readonly Lease[], leaseMs: number): Promise<boolean[]> {
    return this.#leases.renew(leases, leaseMs);
  }

  release(leases: readonly Lease[]): Promise<void> {
    return this.#leases.release(leases);
  }

  fill(fills: readonly Fill[]): Promise<StoreOutcome[]> {
    return this.#writer.fill(fills);
  }

  write(writes: readonly Write[]): Promise<StoreOutcome[]> {
    return this.#writer.write(writes);
  }

  invalidate(invalidation: Invalidation): Promise<InvalidateOutcome> {
    return this.#invalidator.invalidate(invalidation);
  }

  retime(requests: readonly RetimeRequest[]): Promise<boolean[]> {
    return this.#invalidator.retime(requests);
  }

  increment(request: IncrementRequest): Promise<number> {
    return this.#counter.increment(request);
  }

  isCurrent(asOf: AsOf, _name: StampName, stamp: Stamp): boolean {
    return isAsOf(asOf as unknown as Moment, stamp as unknown as Moment);
  }
}
