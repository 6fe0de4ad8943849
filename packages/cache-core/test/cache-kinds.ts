import { CacheManager, type CacheManagerOptions, ManualClock } from '@larder/cache-core';
import { PlainStore } from './plain-store.ts';
import { type AttachedStore, SharedMemory } from './shared-memory.ts';

/** A cache of one kind, with what a test may want to reach behind it. */
interface Opened {
  readonly cache: CacheManager;
  readonly clock: ManualClock;
  /** Present where the store is shared. */
  readonly memory?: SharedMemory;
  readonly store?: AttachedStore;
  readonly plain?: PlainStore;
}

export interface CacheKind {
  readonly name: string;
  /** Whether entries stay in this process's memory. */
  readonly l1: boolean;
  /** Whether there is a store behind it. */
  readonly l2: boolean;
  /** Whether a stale value is kept past its ttl. */
  readonly grace: boolean;
  open(options?: CacheManagerOptions): Opened;
}

export const memoryKind: CacheKind = {
  name: 'memory',
  l1: true,
  l2: false,
  grace: true,
  open: (options) => {
    const clock = new ManualClock();
    return { cache: new CacheManager({ clock, ...options }), clock };
  },
};

export const twoTiers: CacheKind = {
  name: 'two tiers',
  l1: true,
  l2: true,
  grace: true,
  open: (options) => openShared(options),
};

export const sharedOnly: CacheKind = {
  name: 'a shared store without memory',
  l1: false,
  l2: true,
  grace: true,
  open: (options) => openShared({ l1: false, ...options }),
};

export const plainKind: CacheKind = {
  name: 'a plain store',
  l1: false,
  l2: true,
  grace: false,
  open: (options) => {
    const clock = new ManualClock();
    const plain = new PlainStore(clock);
    return { cache: new CacheManager({ store: plain, clock, ...options }), clock, plain };
  },
};

/** The ways in which a cache may be put together: what holds for one should hold for all. */
export const cacheKinds: readonly CacheKind[] = [memoryKind, twoTiers, sharedOnly, plainKind];

export const sharedKinds: readonly CacheKind[] = [memoryKind, twoTiers, sharedOnly];

function openShared(options: CacheManagerOptions = {}): Opened {
  const clock = new ManualClock();
  const memory = new SharedMemory(clock);
  const store = memory.attach();
  return { cache: new CacheManager({ store, clock, ...options }), clock, memory, store };
}
