import { CacheError, CacheErrorCode } from '@larder/cache-core';
import type { CacheStore, SharedStore } from '@larder/cache-core/store';

interface Step {
  readonly label: string;
  readonly go: () => void;
  readonly fail: (() => void) | null;
}

/** What is pending in two processes: whoever waits here goes on in the order that the schedule picks. */
export class ScheduleSteps {
  readonly pending: Step[] = [];
  /** Calls that the store itself is busy with. */
  readonly #atWork = new Set<Promise<unknown>>();

  #isOver = false;

  /** The schedule is over: nobody waits any more. */
  end(): void {
    this.#isOver = true;
    for (const { go } of this.pending.splice(0)) go();
  }

  /** Waits for its turn. @param canFail whether the schedule may let it fail instead */
  wait(label: string, canFail: boolean): Promise<void> {
    if (this.#isOver) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const fail = (): void => reject(connectionLost());
      this.pending.push({ label, go: resolve, fail: canFail ? fail : null });
    });
  }

  take(index: number): Step {
    return this.pending.splice(index, 1)[0]!;
  }

  /** Resolves when the store has nothing to do. */
  async idle(): Promise<void> {
    while (this.#atWork.size > 0) await Promise.allSettled(this.#atWork);
  }

  /** Makes every operation of a shared store wait for its turn twice: until it takes place, and until its answer arrives. */
  stepped(store: CacheStore, process: number): CacheStore {
    const shared = store.capabilities!.shared!;
    const { retime, increment } = shared;
    const step = <T>(name: string, work: () => Promise<T>): Promise<T> =>
      this.#step(`${process} ${name}`, work);
    const steppedShared: SharedStore = {
      fence: shared.fence,
      read: (keys, options) => step('read', () => shared.read(keys, options)),
      lease: (requests, options) => step('lease', () => shared.lease(requests, options)),
      renew: (leases, leaseMs) => step('renew', () => shared.renew(leases, leaseMs)),
      release: (leases) => step('release', () => shared.release(leases)),
      fill: (fills) => step('fill', () => shared.fill(fills)),
      write: (writes) => step('write', () => shared.write(writes)),
      invalidate: (invalidation) => step('invalidate', () => shared.invalidate(invalidation)),
      stamps: (names) => step('stamps', () => shared.stamps(names)),
      isCurrent: (asOf, name, stamp) => shared.isCurrent(asOf, name, stamp),
      ...(retime && { retime: (requests) => step('retime', () => shared.retime!(requests)) }),
      ...(increment && { increment: (request) => step('increment', () => shared.increment!(request)) }),
    };
    return {
      capabilities: { ...store.capabilities, shared: steppedShared },
      connect: () => store.connect(),
      disconnect: () => store.disconnect(),
      isConnected: () => store.isConnected(),
      get: (key) => store.get(key),
      set: (key, value, ttl) => store.set(key, value, ttl),
      delete: (key) => store.delete(key),
      clear: () => store.clear(),
    };
  }

  async #step<T>(label: string, work: () => Promise<T>): Promise<T> {
    await this.wait(`${label} takes place`, true);
    const atWork = work();
    this.#atWork.add(atWork);
    try {
      return await atWork;
    } finally {
      this.#atWork.delete(atWork);
      await this.wait(`${label} is answered`, true);
    }
  }
}

function connectionLost(): CacheError {
  return new CacheError('The schedule has cut the connection.', CacheErrorCode.STORE_UNAVAILABLE, {
    retryable: true,
    details: { applied: 'unknown' },
  });
}
