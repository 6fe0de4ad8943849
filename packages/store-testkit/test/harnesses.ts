import { ManualClock, MemoryStore, systemClock } from '@larder/cache-core';
import {
  type AttachedStore,
  type Backend,
  PlainStore,
  RemoteMemory,
  SharedMemory,
  type StoreHarness,
} from '../src/index.ts';

/** Where a harness lets a test break what it makes. */
type Breaking<Store, Place = undefined> = (store: Store, place: Place, isSibling: boolean) => void;

export function memoryHarness(breaking?: Breaking<MemoryStore>): StoreHarness {
  return {
    name: 'MemoryStore',
    prepare: () => {
      const clock = new ManualClock();
      return {
        clock,
        open: (options) => {
          const store = new MemoryStore({ clock });
          breaking?.(store, undefined, options?.sibling === true);
          return store;
        },
      };
    },
  };
}

export function plainHarness(breaking?: Breaking<PlainStore, PlainStore | null>): StoreHarness {
  return {
    name: 'PlainStore',
    prepare: () => {
      const clock = new ManualClock();
      let first: PlainStore | null = null;
      return {
        clock,
        open: (options) => {
          const store = new PlainStore(clock);
          breaking?.(store, first, options?.sibling === true);
          first ??= store;
          return store;
        },
      };
    },
  };
}

/** The same with real time, as a store outside the process would be judged. */
export const plainLiveHarness: StoreHarness = {
  name: 'PlainStore in real time',
  prepare: () => ({ open: () => new PlainStore() }),
};

export function sharedHarness(breaking?: Breaking<AttachedStore, SharedMemory>): StoreHarness {
  return {
    name: 'SharedMemory',
    prepare: () => {
      const clock = new ManualClock();
      const [memory, sibling] = [new SharedMemory(clock), new SharedMemory(clock)];
      return {
        clock,
        open: (options) => {
          const isSibling = options?.sibling === true;
          const store = (isSibling ? sibling : memory).attach();
          breaking?.(store, memory, isSibling);
          return store;
        },
        forgetStamp: async (name) => {
          memory.stamps.delete(name);
        },
      };
    },
  };
}

export function remoteHarness(breaking?: Breaking<AttachedStore, RemoteMemory>): StoreHarness {
  return { name: 'RemoteMemory', prepare: () => remoteBackend(new ManualClock(), breaking) };
}

/** The same with real time, as a store that talks to a server is judged. */
export const remoteLiveHarness: StoreHarness = {
  name: 'RemoteMemory in real time',
  prepare: () => remoteBackend(null),
};

function remoteBackend(
  manual: ManualClock | null,
  breaking?: Breaking<AttachedStore, RemoteMemory>,
): Backend {
  const clock = manual ?? systemClock;
  const [server, sibling] = [new RemoteMemory(clock), new RemoteMemory(clock)];
  return {
    ...(manual === null ? {} : { clock: manual }),
    open: (options) => {
      const isSibling = options?.sibling === true;
      const store = (isSibling ? sibling : server).attach();
      breaking?.(store, server, isSibling);
      return store;
    },
    forgetStamp: async (name) => {
      server.memory.stamps.delete(name);
    },
    // Nothing here is bytes: whatever has happened to them, they cannot be read.
    damage: async (key) => server.memory.corrupt(`:${key}`),
    foreign: { plant: async () => undefined, isIntact: async () => true },
    secrets: ['a password that this double never had'],
    faults: server,
  };
}
