import type { BusGap } from '../contracts/invalidation-bus.ts';
import type { Hub } from '../engine/hub.ts';
import type { CircuitSnapshot } from '../resilience/circuit-breaker.ts';

/** How a cache is, answered from memory: no I/O, no key, no value, no address. */
export interface HealthStatus {
  /**
   * `healthy`: everything works. `degraded`: reads are answered, but the store or the bus does not work.
   * `unhealthy`: closed, or its configuration cannot work.
   */
  readonly status: 'healthy' | 'degraded' | 'unhealthy';
  /** Milliseconds of the store's last answer; 0 for memory, null before the first. */
  readonly latency: number | null;
  readonly tiers: {
    /** This process's memory; null where none is used. */
    readonly l1: { readonly entries: number; readonly bytes: number; readonly serving: boolean } | null;
    /** The store behind it; null where memory is all there is. */
    readonly l2: {
      readonly connected: boolean;
      readonly details: Readonly<Record<string, string | number | boolean>>;
    } | null;
  };
  readonly breaker: CircuitSnapshot | null;
  /** Null where there is no bus. */
  readonly bus: { readonly alive: boolean; readonly lastGap: BusGap | null } | null;
  /** What this store cannot promise. */
  readonly limits: readonly string[];
  /** Why it is unhealthy. */
  readonly error?: string;
}

export function healthOf(hub: Hub): HealthStatus {
  const { table, shared, store, breaker } = hub;
  const report = store.capabilities?.health?.health();
  const bus = hub.bus?.health ?? null;
  const reachable = shared === null || (breaker.state === 'closed' && (report?.connected ?? true));
  const limits = shared !== null && store.capabilities?.shared === undefined ? [...PLAIN_LIMITS] : [];
  return {
    status: reachable && (bus === null || bus.alive) ? 'healthy' : 'degraded',
    latency: shared === null ? 0 : shared.lastLatencyMs,
    tiers: {
      l1: hub.keepsL1
        ? {
            entries: table.lru.size,
            bytes: table.lru.calculatedSize,
            serving: !hub.leased || bus?.alive === true,
          }
        : null,
      l2: shared === null ? null : { connected: store.isConnected(), details: report?.details ?? {} },
    },
    breaker: shared === null ? null : breaker.snapshot(),
    bus,
    limits: [...limits, ...(store.capabilities?.limits ?? [])],
  };
}

export function unhealthy(error: string): HealthStatus {
  return {
    status: 'unhealthy',
    latency: null,
    tiers: { l1: null, l2: null },
    breaker: null,
    bus: null,
    limits: [],
    error,
  };
}

const PLAIN_LIMITS = [
  'The guarantees hold in one process: the store has no leases and no stamps.',
  'Nothing is kept past its ttl: the store has no grace.',
  'Entries in namespaces or with tags end with this process.',
  'A null is not kept: such a store answers null for nothing, too.',
] as const;
