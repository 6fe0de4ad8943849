import type { Clock, Scheduled } from '../contracts/clock.ts';
import type { Lease, SharedStore } from '../contracts/shared-store.ts';
import type { LatencyHistogram } from '../observe/latency-histogram.ts';
import { Budget, type StoreCalls } from './store-calls.ts';

/** How long a lease lives unless it is renewed, and how often that is done (S5). */
export const LEASE_MS = 2000;
const RENEW_EVERY_MS = 700;

/** A lease in use by one load or, where one has stalled, by several: the first to end spends it. */
export interface LeaseRight {
  readonly lease: Lease;
  users: number;
  spent: boolean;
}

/** Renews all leases of one store together while their loads run, and gives back those that come to nothing. */
export class LeaseKeeper {
  readonly #calls: StoreCalls;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #latency: LatencyHistogram;
  readonly #held = new Set<LeaseRight>();
  #timer: Scheduled | null = null;

  constructor(parts: {
    readonly calls: StoreCalls;
    readonly clock: Clock;
    readonly timeoutMs: number;
    readonly latency: LatencyHistogram;
  }) {
    this.#calls = parts.calls;
    this.#clock = parts.clock;
    this.#timeoutMs = parts.timeoutMs;
    this.#latency = parts.latency;
  }

  get size(): number {
    return this.#held.size;
  }

  keep(lease: Lease): LeaseRight {
    const right = { lease, users: 1, spent: false };
    this.#held.add(right);
    this.#timer ??= this.#schedule();
    return right;
  }

  /** Takes the lease for a fill; null where another has done so. */
  spend(right: LeaseRight): Lease | null {
    if (right.spent) return null;
    right.spent = true;
    this.#drop(right);
    return right.lease;
  }

  /** One load less that may use it; the last gives it back, so that others need not wait for its end. */
  async leave(right: LeaseRight): Promise<void> {
    right.users -= 1;
    if (right.users > 0 || right.spent) return;
    right.spent = true;
    this.#drop(right);
    await this.giveBack([right.lease]);
  }

  /** Gives back what was spent on a fill that came to nothing. */
  async giveBack(leases: readonly Lease[]): Promise<void> {
    await this.#call('release leases', (store) => store.release(leases));
  }

  /** Gives back all that is held. */
  async releaseAll(): Promise<void> {
    const leases = [...this.#held].map((right) => {
      right.spent = true;
      return right.lease;
    });
    this.#held.clear();
    this.stop();
    if (leases.length > 0) await this.giveBack(leases);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  #drop(right: LeaseRight): void {
    this.#held.delete(right);
    if (this.#held.size === 0) this.stop();
  }

  #schedule(): Scheduled {
    return this.#clock.schedule(() => void this.#renew(), RENEW_EVERY_MS, { ref: false });
  }

  async #renew(): Promise<void> {
    const rights = [...this.#held];
    this.#timer = this.#schedule();
    const leases = rights.map((right) => right.lease);
    const renewed = await this.#call('renew leases', (store) => store.renew(leases, LEASE_MS));
    // One that is gone stays gone. Its fill will be refused, and to ask for it again is of no use.
    rights.forEach((right, index) => {
      if (renewed?.[index] === false) this.#drop(right);
    });
  }

  async #call<T>(operation: string, work: (store: SharedStore) => Promise<T>): Promise<T | undefined> {
    try {
      return await this.#calls.call(operation, new Budget(this.#timeoutMs), this.#latency, work);
    } catch {
      // Counted by StoreCalls. A lease that is not renewed or given back runs out by itself.
      return undefined;
    }
  }
}
