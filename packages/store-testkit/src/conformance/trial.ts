import assert from 'node:assert/strict';
import {
  CacheManager,
  type CacheManagerOptions,
  type Clock,
  type ManualClock,
  systemClock,
} from '@larder/cache-core';
import type {
  CacheStore,
  InvalidationBus,
  SharedStore,
  StampName,
  StoreCapabilities,
} from '@larder/cache-core/store';
import { FaultSwitch } from './fault-switch.ts';
import type { Backend, DamageKind, ForeignData, OpenOptions } from './harness.ts';

/** How long a case waits for what has to happen, where it does not say. */
const PATIENCE_MS = 10_000;
const STEP_MS = 5;
/** What a released store may take to let go, whatever it does. */
const LETTING_GO_MS = 2_000;

/**
 * One case under way on one backend: opens stores and caches on it, waits for what has to happen, and clears up. Time is
 * the backend's clock where it has one; else it is real, and nothing here waits for a duration.
 */
export class Trial {
  readonly #backend: Backend;
  readonly #stores: CacheStore[] = [];
  readonly #caches: CacheManager[] = [];
  #faults: FaultSwitch | null = null;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** The backend's clock, which only the case moves; null where time is real. */
  get manualClock(): ManualClock | null {
    return this.#backend.clock ?? null;
  }

  get clock(): Clock {
    return this.#backend.clock ?? systemClock;
  }

  /** Another store instance on the backend. Connected by its first use, as the contract allows. */
  async open(options?: OpenOptions): Promise<CacheStore> {
    const store = await this.#backend.open(options);
    this.#stores.push(store);
    return store;
  }

  async openShared(): Promise<SharedStore> {
    return sharedOf(await this.open());
  }

  /** A capability of a new store; the section that asks for it runs only where it is announced. */
  async openFor<Name extends keyof StoreCapabilities>(
    name: Name,
  ): Promise<
    { readonly store: CacheStore } & { readonly [Key in Name]: NonNullable<StoreCapabilities[Key]> }
  > {
    const store = await this.open();
    const capability = store.capabilities?.[name];
    assert.ok(capability !== undefined, `The store announces ${name} at one time and not at another.`);
    return { store, [name]: capability } as never;
  }

  /** A cache over a store of its own, or the one given. */
  async cache(options: CacheManagerOptions = {}, store?: CacheStore): Promise<CacheManager> {
    const { clock } = this.#backend;
    const cache = new CacheManager({
      store: store ?? (await this.open()),
      ...(clock === undefined ? {} : { clock }),
      ...options,
    });
    this.#caches.push(cache);
    return cache;
  }

  /** A bus of a store. */
  async openBus(): Promise<{ readonly store: CacheStore; readonly bus: InvalidationBus }> {
    return this.openFor('bus');
  }

  /** What can happen to the server. */
  get faults(): FaultSwitch {
    const { faults } = this.#backend;
    assert.ok(
      faults !== undefined,
      'The store announces `remote`: its harness must bring the faults of its server (`Backend.faults`).',
    );
    this.#faults ??= new FaultSwitch(faults);
    return this.#faults;
  }

  get foreign(): ForeignData {
    const { foreign } = this.#backend;
    assert.ok(
      foreign !== undefined,
      'The store announces `persistent` or `remote`: its harness must bring data of another program (`Backend.foreign`).',
    );
    return foreign;
  }

  get secrets(): readonly string[] {
    const { secrets } = this.#backend;
    assert.ok(
      secrets !== undefined && secrets.length > 0,
      'The store announces `remote`: its harness must give it a password or a token, and name it (`Backend.secrets`).',
    );
    return secrets;
  }

  async damage(key: string, kind: DamageKind, otherKey: string): Promise<void> {
    const { damage } = this.#backend;
    assert.ok(
      damage !== undefined,
      'The store announces `persistent` or `remote`: its harness must be able to damage an entry (`Backend.damage`).',
    );
    await damage.call(this.#backend, key, kind, otherKey);
  }

  async forgetStamp(name: StampName): Promise<void> {
    const { forgetStamp } = this.#backend;
    assert.ok(
      forgetStamp !== undefined,
      'The store announces `shared`: its harness must be able to remove a stamp (`Backend.forgetStamp`).',
    );
    await forgetStamp.call(this.#backend, name);
  }

  /** Answers what the work comes to; fails where that takes longer than `limitMs` by the clock of the trial. */
  async within<T>(limitMs: number, what: string, work: Promise<T>): Promise<T> {
    let settled = false;
    const end = (): void => {
      settled = true;
    };
    work.then(end, end);
    await this.until(() => settled, what, limitMs);
    return work;
  }

  /** Answers what the work comes to, where that may need time to pass: a lease that another holds, a deadline. */
  done<T>(work: Promise<T>): Promise<T> {
    return this.within(PATIENCE_MS, 'what was asked for', work);
  }

  /** Waits until the condition holds, and answers how many milliseconds that took at most. Fails after `limitMs`. */
  async until(
    condition: () => boolean | Promise<boolean>,
    what: string,
    limitMs = PATIENCE_MS,
  ): Promise<number> {
    const startedMs = this.clock.now();
    for (;;) {
      await this.turn();
      if (await condition()) return this.clock.now() - startedMs;
      const leftMs = startedMs + limitMs - this.clock.now();
      assert.ok(leftMs > 0, `Within ${limitMs} ms: ${what}.`);
      await this.#pause(Math.min(STEP_MS, Math.ceil(leftMs)));
    }
  }

  /** Lets run what hangs on promises alone, and what the network has brought. */
  async turn(): Promise<void> {
    for (let turns = 0; turns < 3; turns++) {
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
    }
  }

  /** Ends the faults, then closes what was opened, in this order; a store that hangs is left to itself. */
  async end(): Promise<void> {
    await this.#faults?.heal();
    for (const cache of this.#caches) await this.#letGo(cache.close({ deadline: 0 }));
    for (const store of this.#stores) await this.#letGo(Promise.resolve().then(() => store.disconnect()));
    await this.#backend.close?.();
  }

  async #letGo(work: Promise<void>): Promise<void> {
    await this.within(LETTING_GO_MS, 'a store lets go', work).catch(() => undefined);
  }

  async #pause(ms: number): Promise<void> {
    const { manualClock } = this;
    if (manualClock !== null) return manualClock.advance(ms);
    await new Promise<void>((resolve) => {
      systemClock.schedule(resolve, ms);
    });
  }
}

export function sharedOf(store: CacheStore): SharedStore {
  const shared = store.capabilities?.shared;
  assert.ok(shared !== undefined, 'The store announces `shared` at one time and not at another.');
  return shared;
}
