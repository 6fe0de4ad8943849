import type { CacheStore } from '../contracts/cache-store.ts';
import type { StoreCapabilities } from '../contracts/capabilities.ts';
import type { Duration } from '../contracts/duration.ts';
import type { BusGap } from '../contracts/invalidation-bus.ts';
import type { StampName } from '../contracts/stamp.ts';
import { durationMs } from '../duration.ts';
import { Background } from '../engine/background.ts';
import { Hub, type HubListener } from '../engine/hub.ts';
import { invalidatedOf } from '../engine/invalidate.ts';
import { type CacheContext, report } from '../engine/view.ts';
import { escapeName } from '../key.ts';
import type { EvictionCause, EvictionListener } from '../memory/evictions.ts';
import { MemoryStore } from '../memory/memory-store.ts';
import { Emitter, type EventListener } from '../observe/emitter.ts';
import { logEvents } from '../observe/event-log.ts';
import { CACHE_EVENTS, type CacheEvent, type CacheEvents } from '../observe/events.ts';
import { silentLogger } from '../observe/silent-logger.ts';
import { type CacheStatistics, Counters, snapshotLatency } from '../observe/statistics.ts';
import { checkOptions, invalidOption } from '../option-checks.ts';
import type { CircuitState } from '../resilience/circuit-breaker.ts';
import { Attachment, closedError } from './attachment.ts';
import { CacheView } from './cache-view.ts';
import { type HealthStatus, healthOf, unhealthy } from './health.ts';
import {
  type CacheManagerOptions,
  type ResolvedManagerOptions,
  resolveDefaults,
  resolveManagerOptions,
} from './manager-options.ts';
import { storeByName } from './store-by-name.ts';

export interface CloseOptions {
  /** How long to wait for work in the background and loads under way before they are given up. Default `'5s'`. */
  readonly deadline?: Duration;
}

/**
 * A cache in front of any slow source.
 *
 * `new CacheManager()` is memory alone; with `store` it is a view on a shared store, with memory in front of it where
 * the store has a bus. Creating one never fails because a store is down, and never waits for one.
 *
 * @throws INVALID_CONFIGURATION for options that cannot work; a store by name that cannot be loaded rejects the calls
 */
export class CacheManager extends CacheView {
  readonly #attachment: Attachment;
  readonly #context: CacheContext;
  readonly #listener: HubListener;
  readonly #onEvict: EvictionListener;
  #closing: Promise<void> | null = null;

  constructor(options?: CacheManagerOptions) {
    const resolved = resolveManagerOptions(options);
    const context = makeContext(resolved);
    const parts = makeListeners(context);
    const join = (hub: Hub): Hub => {
      hub.join(parts.listener);
      hub.table.evictionListeners.add(parts.onEvict);
      hub.bus?.open();
      return hub;
    };
    const { store } = resolved;
    const made = typeof store !== 'string' ? store : store === 'memory' ? memoryFor(resolved) : null;
    const hub = made === null ? null : join(Hub.of(made, resolved.hub, givenBeside(resolved)));
    const attachment = new Attachment(hub, async () => join(await openByName(resolved)));
    super({
      attachment,
      context,
      names: resolved.rootNamespace === null ? [] : [resolved.rootNamespace],
      options: resolveDefaults(null, resolved.defaults, context.tagPrefix, 'CacheManager'),
      usesL1: true,
      bounds: null,
      clears: null,
    });
    this.#attachment = attachment;
    this.#context = context;
    this.#listener = parts.listener;
    this.#onEvict = parts.onEvict;
  }

  /** What this cache can promise: what its store can. */
  get capabilities(): StoreCapabilities {
    const { hub } = this.#attachment;
    return {
      health: {
        health: () => ({ connected: this.isConnected(), latencyMs: hub?.shared?.lastLatencyMs ?? null }),
      },
      ...without(hub?.store),
    };
  }

  /**
   * Calls `handler` at every such event of this cache and its views. One that throws harms nobody: it is logged.
   * @throws INVALID_CONFIGURATION for an unknown event
   */
  on<Name extends CacheEvent>(event: Name, handler: EventListener<CacheEvents[Name]>): this {
    this.#context.emitter.on(event, handler);
    return this;
  }

  /** As {@link on}, for the next such event alone. */
  once<Name extends CacheEvent>(event: Name, handler: EventListener<CacheEvents[Name]>): this {
    this.#context.emitter.once(event, handler);
    return this;
  }

  off<Name extends CacheEvent>(event: Name, handler: EventListener<CacheEvents[Name]>): this {
    this.#context.emitter.off(event, handler);
    return this;
  }

  /** Waits for all work in the background: refreshes, leases given back. Removes nothing: that is `clear`. */
  async flush(): Promise<void> {
    const hub = await this.#attachment.ready();
    await this.#context.background.drained(hub.clock, Infinity);
  }

  /** The counters since the cache was created, from memory. */
  stats(): CacheStatistics {
    const { counters } = this.#context;
    const { hub } = this.#attachment;
    const reads = counters.hits + counters.misses;
    const {
      hits,
      misses,
      staleHits,
      loads,
      loadErrors,
      joins,
      refusedFills,
      sets,
      deletes,
      invalidations,
      unreadable,
      invalidValues,
    } = counters;
    return {
      hits,
      misses,
      staleHits,
      hitRate: reads === 0 ? 0 : hits / reads,
      loads,
      loadErrors,
      joins,
      refusedFills,
      sets,
      deletes,
      invalidations,
      evictions: hub?.table.evictions ?? 0,
      expirations: hub?.table.expirations ?? 0,
      unreadable,
      invalidValues,
      storeErrors: hub?.counters.errors ?? 0,
      storeTimeouts: hub?.counters.timeouts ?? 0,
      storeSkips: hub?.counters.skips ?? 0,
      flushes: Object.fromEntries(hub?.counters.flushes ?? []),
      inFlight: hub?.inFlight ?? 0,
      entries: hub?.keepsL1 === true ? hub.table.lru.size : 0,
      bytes: hub?.keepsL1 === true ? hub.table.lru.calculatedSize : 0,
      latency: snapshotLatency(counters.latency),
    };
  }

  /** How the cache is, from memory, at once; never rejects. */
  async healthCheck(): Promise<HealthStatus> {
    if (this.#attachment.closed) return unhealthy('This cache has been closed.');
    try {
      return healthOf(await this.#attachment.ready());
    } catch (error) {
      return unhealthy(error instanceof Error ? error.message : 'The store could not be opened.');
    }
  }

  /**
   * Ends the cache: later calls reject with CLOSED; loads under way and work in the background have until the deadline,
   * then they are aborted. The last cache on a store disconnects it; a client that the caller made stays open. Harmless
   * when repeated.
   */
  close(options?: CloseOptions): Promise<void> {
    if (this.#closing !== null) return this.#closing;
    try {
      const { deadline = '5s' } = checkOptions<CloseOptions>(options ?? undefined, ['deadline'], 'close');
      this.#closing = this.#close(durationMs(deadline, 'close.deadline'));
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#closing;
  }

  override disconnect(): Promise<void> {
    return this.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(deadlineMs: number): Promise<void> {
    this.#attachment.closed = true;
    this.#context.counters.closed = true;
    this.detach();
    const hub = await this.#attachment.settled();
    if (hub === null) return;
    const endMs = hub.clock.now() + deadlineMs;
    await this.#drain(hub, endMs);
    for (const flight of this.#context.flights) flight.abort(closedError());
    hub.table.evictionListeners.delete(this.#onEvict);
    if (!hub.leave(this.#listener)) return;
    await hub.end(Math.max(0, endMs - hub.clock.now()));
  }

  /** Waits for loads, work in the background and, where no other cache uses the store, for what it has been sent. */
  async #drain(hub: Hub, endMs: number): Promise<void> {
    const { flights, background } = this.#context;
    for (;;) {
      const work: Promise<unknown>[] = [...flights].map((flight) => flight.promise);
      if (hub.shared !== null && hub.listeners.size === 1 && hub.shared.running > 0)
        work.push(hub.shared.idle());
      if (work.length === 0 && background.size === 0) return;
      background.add(Promise.allSettled(work), 'close');
      if (!(await background.drained(hub.clock, endMs - hub.clock.now()))) return;
      // A read that has found nothing begins its load now, in reactions that have not run yet.
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
    }
  }
}

function makeContext(resolved: ResolvedManagerOptions): CacheContext {
  const { logger } = resolved.hub;
  const emitter = new Emitter<CacheEvents>(CACHE_EVENTS, (error, name) => {
    logger.error(
      { event: name, error: error instanceof Error ? error.name : 'unknown' },
      'a listener failed',
    );
  });
  const context: CacheContext = {
    emitter,
    counters: new Counters(),
    background: new Background((error, operation, key) => report(context, error, operation, key)),
    logger,
    tagPrefix: resolved.rootNamespace === null ? 't:' : `t@${escapeName(resolved.rootNamespace)}:`,
    flights: new Set(),
  };
  if (logger !== silentLogger) logEvents(emitter, logger);
  return context;
}

function makeListeners(context: CacheContext): { listener: HubListener; onEvict: EvictionListener } {
  const { emitter } = context;
  return {
    listener: {
      invalidated: (stamps: readonly StampName[]) => {
        const { tags, namespaces } = invalidatedOf(stamps, context.tagPrefix);
        // The tags may all be another manager's.
        if (tags.length + namespaces.length > 0)
          emitter.emit('invalidated', { tags, namespaces, source: 'bus' });
      },
      flushed: (cause: BusGap) => emitter.emit('flush', { cause }),
      breakerChanged: (state: CircuitState, cause: string) => emitter.emit('breaker', { state, cause }),
    },
    onEvict: (place, key, cause: EvictionCause) => {
      if (emitter.active) emitter.emit('evict', { key, namespace: place.path, cause });
    },
  };
}

function memoryFor(resolved: ResolvedManagerOptions): CacheStore {
  const { l1, clock } = resolved.hub;
  if (l1 === false) {
    throw invalidOption(
      'CacheManager.l1',
      'left on',
      false,
      'Memory is the only store here: without it nothing would be cached.',
    );
  }
  return new MemoryStore({ clock, ...(typeof l1 === 'object' ? l1 : {}) });
}

async function openByName(resolved: ResolvedManagerOptions): Promise<Hub> {
  const { store, named, hub } = resolved;
  const { connection, prefix, serializer, compression, cluster } = named;
  const made = await storeByName(store as 'redis', {
    prefix,
    clock: hub.clock,
    logger: hub.logger,
    ...(connection === undefined ? {} : { connection }),
    ...(serializer === undefined ? {} : { serializer }),
    ...(compression === undefined ? {} : { compression }),
    ...(cluster === undefined ? {} : { cluster }),
  });
  return Hub.of(made, hub, resolved.given);
}

/** The options given for a store; those of a memory made here are used up in making it. */
function givenBeside({ store, given }: ResolvedManagerOptions): ReadonlySet<string> {
  return typeof store === 'string'
    ? new Set([...given].filter((name) => name !== 'l1' && name !== 'clock'))
    : given;
}

function without(store: CacheStore | undefined): StoreCapabilities {
  const { persistent, versions, limits } = store?.capabilities ?? {};
  return {
    ...(persistent === undefined ? {} : { persistent }),
    ...(versions === undefined ? {} : { versions }),
    ...(limits === undefined ? {} : { limits }),
  };
}
