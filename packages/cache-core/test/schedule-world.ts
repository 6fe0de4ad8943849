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
import { Steps, settled } from './schedule-steps.ts';
import { SlowPlainStore, slowed } from './schedule-stores.ts';
import { type AttachedStore, SharedMemory } from './shared-memory.ts';

export const ROWS: readonly Row[] = [
  { name: 'x', path: [], key: 'x', tags: ['t'], lateTags: [], ttl: '100ms', grace: '300ms' },
  { name: 'y', path: [], key: 'y', tags: [], lateTags: [], ttl: undefined, grace: undefined },
  { name: 'n/x', path: ['n'], key: 'x', tags: ['t'], lateTags: ['u'], ttl: '50ms', grace: undefined },
  { name: 'n/m/x', path: ['n', 'm'], key: 'x', tags: [], lateTags: ['u'], ttl: undefined, grace: '1s' },
];
const ROWS_NAMES = ROWS.map(({ name }) => name);
export const TAGS = ['t', 'u'] as const;
export const PLACES: readonly (readonly string[])[] = [[], ['n'], ['n', 'm']];
/** Counters stand at the root and in the namespace; `clear` resets them. */
export const COUNTERS: readonly (readonly string[])[] = [[], ['n']];

/** How far the clock goes where nothing but time can bring anything on. */
export const IDLE_MS = 25;

export const TOPOLOGIES = [
  'shared',
  'shared with a lossy bus',
  'shared without bus',
  'memory',
  'plain',
  'local bus',
] as const;
export type Topology = (typeof TOPOLOGIES)[number];

/** The D of the promises, where the bus is not trusted for ever: short, so that it matters. */
const MAX_STALENESS_MS = 100;

const REMOTE: Record<Topology, RemoteRule> = {
  shared: { whenDelivered: true },
  'shared with a lossy bus': { whenDelivered: true, withinMs: MAX_STALENESS_MS },
  'shared without bus': { withinMs: MAX_STALENESS_MS },
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
  /** Null where the store is no shared one. */
  readonly memory: SharedMemory | null;
  readonly #views: readonly Map<string, CacheView>[] = [new Map(), new Map()];
  /** Messages on their way to each process. */
  readonly #onTheWay: Set<{ readonly sentMs: number }>[] = [new Set(), new Set()];

  constructor(topology: Topology) {
    this.topology = topology;
    const shared = topology.startsWith('shared');
    this.model = new Model(ROWS, REMOTE[topology]);
    this.loads = new Loads(shared);
    this.memory = shared ? new SharedMemory(this.clock) : null;
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
    return this.memory !== null || this.topology === 'memory';
  }

  view(cache: number, path: readonly string[]): CacheView {
    const views = this.#views[cache]!;
    const name = path.join('/');
    let view = views.get(name);
    if (view === undefined) {
      view = path.reduce<CacheView>((outer, inner) => outer.namespace(inner), this.caches[cache]!);
      views.set(name, view);
    }
    return view;
  }

  /** Lets everything go on, the oldest first, until this work has ended. */
  async finish<T>(work: Promise<T>): Promise<T> {
    let running = true;
    const watched = work.finally(() => {
      running = false;
    });
    await settled();
    while (running || this.steps.pending.length > 0) {
      if (this.steps.pending.length > 0) this.steps.take(0).go();
      else this.clock.advanceSync(IDLE_MS);
      await settled();
    }
    return watched;
  }

  /** Something begins that poisons loads in a process, on a local bus in the other one, too; answers what ends it. */
  poison(process: number, rows: Iterable<string>): () => void {
    const end = this.loads.poisoned(this.topology === 'local bus' ? [0, 1] : [process], rows);
    return () => end(this.model.next());
  }

  /** The mutation has been acknowledged: other processes know of it when all that is on its way now has arrived. */
  acknowledged(mutation: Mutation): void {
    if (this.topology === 'shared without bus') return;
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
      const store = slowed(this.memory!.attach(), this.steps, process);
      if (this.topology === 'shared without bus') return this.#start(options, store, { bus: false });
      this.#delayBus(store, process);
      if (this.topology === 'shared') return this.#start(options, store, {});
      const cache = this.#start(options, store, {});
      store.subscriber!.gap('closed');
      store.subscriber!.alive(clock.now());
      return cache;
    });
  }

  #start(options: CacheManagerOptions, store: AttachedStore, own: CacheManagerOptions): CacheManager {
    const maxStaleness = this.topology === 'shared' ? {} : { maxStaleness: `${MAX_STALENESS_MS}ms` };
    return new CacheManager({ ...options, store, ...maxStaleness, ...own });
  }

  #delayBus(store: AttachedStore, process: number): void {
    const messages = this.#onTheWay[process]!;
    const lossy = this.topology === 'shared with a lossy bus';
    let announced = 0;
    store.deliver = (message, now) => {
      const sentMs = this.clock.now();
      const sent = { sentMs };
      messages.add(sent);
      announced += 1;
      // One of four is lost: at some time the bus finds that out.
      const isLost = lossy && announced % 4 === 0;
      this.steps.later(`${process} ${isLost ? 'misses' : 'hears'} ${JSON.stringify(message)}`, () => {
        if (isLost) store.subscriber?.gap('lost');
        else now();
        messages.delete(sent);
        if (lossy)
          store.subscriber?.alive(Math.min(this.clock.now(), ...[...messages].map((other) => other.sentMs)));
        this.poison(process, ROWS_NAMES)();
        for (const waiting of this.#unheard) {
          if (waiting.process !== process || !waiting.arrived()) continue;
          waiting.mutation.heardAt.set(process, this.model.next());
          this.#unheard.delete(waiting);
        }
      });
    };
  }
}
