import { SharedServer } from './shared-memory-server.ts';
import { AttachedStore } from './shared-memory-store.ts';

export { AttachedStore };

/**
 * The reference `SharedStore`: one memory, and for each `attach()` the store instance of one simulated process. For
 * tests: nothing leaves the process.
 */
export class SharedMemory extends SharedServer {
  attach(): AttachedStore {
    const store = new AttachedStore(this);
    this.attached.add(store);
    return store;
  }
}
