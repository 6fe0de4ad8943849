import { AttachedStore } from './attached-store.ts';
import { SharedServer } from './shared-server.ts';

export { AttachedStore } from './attached-store.ts';

/**
 * The reference `SharedStore`: one memory, and for each `attach()` the store instance of one simulated process. For
 * tests: nothing leaves the process.
 *
 * ```ts
 * const memory = new SharedMemory(clock);
 * const [one, other] = [0, 1].map(() => new CacheManager({ store: memory.attach(), clock }));
 * ```
 */
export class SharedMemory extends SharedServer {
  attach(): AttachedStore {
    const store = new AttachedStore(this);
    this.attached.add(store);
    return store;
  }
}
