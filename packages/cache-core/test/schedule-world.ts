import {
  CacheManager,
  type CacheManagerOptions,
  type CacheView,
  LocalBus,
  ManualClock,
  MemoryStore,
} from '@larder/cache-core';
import { Loads } from './schedule-loads.ts';
import { Model, type Mutation, type RemoteRule, type Row } from './schedule-model.ts';
import { Steps } from './schedule-steps.ts';
import { SlowPlainStore, slowed } from './schedule-stores.ts';
import { type AttachedStore, SharedMemory } from './shared-memory.ts';

export const ROWS: readonly Row[] = [
  { name: 'x', path: [], key: 'x', tags: ['t'], lateTags: [], ttl: '100ms', grace: '300ms' },
  { name: 'y', path: [], key: 'y', tags: [], lateTags: [], ttl: undefined, grace: undefined },
  { name: 'n/x', path: ['n'], key: 'x', tags: ['t'], lateTags: ['u'], ttl: '50ms', grace: undefined },
  { name: 'n/m/x', path: ['n', 'm'], key: 'x', tags: [], lateTags: ['u'], ttl: undefined, grace: '1s' },
];
export const TAGS = ['t', 'u'] as const;
export const PLACES: readonly (readonly string[])[] = [[], ['n'], ['n', 'm']];
/** Counters stand at the root and in the namespace; `clear` resets them. */
export const COUNTERS: readonly (readonly string[])[] = [[], ['n']];

export type Topology = 'shared' | 'shared without bus' | 'memory' | 'plain' | 'local bus';
export const TOPOLOGIES: readonly Topology[] = [
  'shared',
  'shared without bus',
  'memory',
  'plain',
  'local bus',
];

const REMOTE: Record<Topology, RemoteRule> = {
  shared: 'when delivered',
  'shared without bus': { withinMs: 1000 },
  memory: 'at the ack',
  plain: 'at the ack',
  'local bus': 'at the ack',
};

/** Two caches, in two simulated processes or in one, over a store whose every step waits for its turn. */
export class World {
  readonly clock = new ManualClock();
  readonly steps = new Steps();
  readonly model: Model;
  readonly loads: Loads;
  readonly caches: readonly CacheManager[];
  readonly topology: Topology;
  readonly #memory: SharedMemory | null = null;
  /** Messages on their way to each process. */
  readonly #onTheWay: Set<object>[] = [new Set(), new Set()];

  constructor(topology: Topology) {
    this.topology = topology;
    const shared = topology === 'shared' || topology === 'shared without bus';
    this.model = new Model(ROWS, REMOTE[topology]);
    this.loads = new Loads(shared);
    if (shared) this.#memory = new SharedMemory(this.clock);
    this.caches = this.#makeCaches();
  }

  /** Two caches on one store instance are one process. */
  process(cache: number): number {
    return this.topology === 'memory' || this.topology === 'plain' ? 0 : cache;
  }

  get canRetime(): boolean {
    return this.topology !== 'plain';
  }

  get canCount(): boolean {
    return this.topology === 'shared' || this.topology === 'shared without bus' || this.topology === 'memory';
  }

  view(cache: number, path: readonly string[]): CacheView {
    return path.reduce<CacheView>((view, name) => view.namespace(name), this.caches[cache]!);
  }

  /** A further process with an empty memory, whose store answers at once; null where nothing outlives a process. */
  newcomer(): CacheManager | null {
    if (this.#memory === null) return null;
    return new CacheManager({ store: this.#memory.attach(), clock: this.clock });
  }

  /** Something begins that poisons loads in a process, on a local bus in the other one, too; answers what ends it. */
  poison(process: number, rows: Iterable<string>): () => void {
    const end = this.loads.poisoned(this.topology === 'local bus' ? [0, 1] : [process], rows);
    return () => end(this.model.next());
  }

  /** The mutation has been acknowledged: other processes know of it when all that is on its way now has arrived. */
  acknowledged(mutation: Mutation): void {
    this.#onTheWay.forEach((messages, process) => {
      if (process === mutation.process) return;
      const awaited = new Set(messages);
      const arrived = (): boolean => [...awaited].every((message) => !messages.has(message));
      if (arrived()) mutation.heardAt.set(process, mutation.endedAt);
      else this.#unheard.add({ mutation, process, arrived });
    });
  }

  readonly #unheard = new Set<{
    readonly mutation: Mutation;
    readonly process: number;
    readonly arrived: () => boolean;
  }>();

  #makeCaches(): CacheManager[] {
    const { clock } = this;
    const options: CacheManagerOptions = { clock, leaseWait: '1500ms' };
    if (this.topology === 'memory') {
      const store = new MemoryStore({ clock });
      return [new CacheManager({ store }), new CacheManager({ store })];
    }
    if (this.topology === 'local bus') {
      const bus = new LocalBus();
      return [0, 1].map(() => new CacheManager({ ...options, store: new MemoryStore({ clock }), bus }));
    }
    if (this.topology === 'plain') {
      const store = new SlowPlainStore(this.steps);
      return [new CacheManager({ ...options, store }), new CacheManager({ ...options, store })];
    }
    return [0, 1].map((process) => {
      const store = slowed(this.#memory!.attach(), this.steps, process);
      if (this.topology === 'shared') this.#delayBus(store, process);
      return new CacheManager({
        ...options,
        store,
        ...(this.topology === 'shared' ? {} : { bus: false as const }),
      });
    });
  }

  #delayBus(store: AttachedStore, process: number): void {
    const messages = this.#onTheWay[process]!;
    store.deliver = (message, now) => {
      messages.add(message);
      this.steps.later(`${process} hears`, () => {
        now();
        messages.delete(message);
        this.poison(
          process,
          ROWS.map(({ name }) => name),
        )();
        for (const waiting of this.#unheard) {
          if (waiting.process !== process || !waiting.arrived()) continue;
          waiting.mutation.heardAt.set(process, this.model.next());
          this.#unheard.delete(waiting);
        }
      });
    };
  }
}
