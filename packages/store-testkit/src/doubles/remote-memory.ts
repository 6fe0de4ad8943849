import { CacheError, CacheErrorCode, type Clock, MessagePackSerializer } from '@larder/cache-core';
import type { ServerFaults } from '../conformance/harness.ts';
import { AttachedStore } from './attached-store.ts';
import { RemoteMemoryLink } from './remote-memory-link.ts';
import { SharedMemory } from './shared-memory.ts';

type NetworkState = 'up' | 'paused' | 'gone';

/** How long a client needs to find the server again. */
const RECONNECT_MS = 25;

/**
 * A `SharedMemory` behind a pretended network: a server that can be stopped, killed, cut off and slowed down, without a
 * server. For tests of what an application, or the engine, does then. A clock in the hand makes an outage take no time.
 */
export class RemoteMemory implements ServerFaults {
  readonly memory: SharedMemory;
  readonly #clock: Clock;
  readonly #links = new Set<RemoteMemoryLink>();
  #state: NetworkState = 'up';
  #delayMs = 0;
  /** Calls that wait for a server that has been stopped. */
  #waiting: { readonly go: () => void; readonly fail: () => void }[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
    this.memory = new SharedMemory(clock);
    const serializer = new MessagePackSerializer();
    this.memory.copy = (value) => serializer.deserialize(serializer.serialize(value));
  }

  /** The store instance of one simulated process. */
  attach(): AttachedStore {
    const link = new RemoteMemoryLink(this.#clock, () => this.#state === 'up');
    const store: AttachedStore = new AttachedStore(this.memory, {
      bus: link,
      persistent: true,
      remote: { onReady: (listener) => link.onReady(listener) },
      health: {
        health: () => ({ connected: store.isConnected() && this.#state === 'up', latencyMs: this.#delayMs }),
      },
    });
    store.before = () => this.#arrive();
    store.deliver = (message) => link.receive(message);
    store.connect = async () => {
      await this.#arrive();
      await AttachedStore.prototype.connect.call(store);
    };
    this.memory.attached.add(store);
    this.#links.add(link);
    return store;
  }

  async pause(): Promise<void> {
    this.#state = 'paused';
  }

  async resume(): Promise<void> {
    if (this.#state !== 'paused') return;
    this.#state = 'up';
    for (const { go } of this.#waiting.splice(0)) go();
  }

  async kill(): Promise<void> {
    this.#go('gone');
    this.memory.wipe();
  }

  async restart(): Promise<void> {
    this.#comeBack('restarted');
  }

  async refuse(): Promise<void> {
    this.#go('gone');
  }

  async accept(): Promise<void> {
    this.#comeBack('closed');
  }

  async cut(): Promise<void> {
    this.#go('gone');
    this.#clock.schedule(() => this.#comeBack('closed'), RECONNECT_MS);
  }

  async delay(delayMs: number): Promise<void> {
    this.#delayMs = delayMs;
  }

  #go(state: NetworkState): void {
    this.#state = state;
    for (const { fail } of this.#waiting.splice(0)) fail();
    for (const link of this.#links) link.lose('closed');
  }

  #comeBack(cause: 'restarted' | 'closed'): void {
    this.#state = 'up';
    for (const link of this.#links) link.comeBack(cause);
  }

  /** A call is on its way to the server. */
  async #arrive(): Promise<void> {
    if (this.#delayMs > 0) {
      await new Promise<void>((resolve) => {
        this.#clock.schedule(resolve, this.#delayMs);
      });
    }
    if (this.#state === 'gone') throw unavailable('no');
    if (this.#state === 'up') return;
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ go: resolve, fail: () => reject(unavailable('unknown')) });
    });
  }
}

function unavailable(applied: 'no' | 'unknown'): CacheError {
  return new CacheError('The pretended server cannot be reached.', CacheErrorCode.STORE_UNAVAILABLE, {
    retryable: true,
    details: { applied },
  });
}
