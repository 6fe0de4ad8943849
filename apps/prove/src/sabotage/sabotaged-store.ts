import type { BusSubscriber, CacheStore, InvalidationBus, SharedStore } from '@larder/cache-core/store';
import type { Sabotage } from './sabotage.ts';

/** The store with one mechanism switched off. */
export function sabotaged(store: CacheStore, sabotage: Sabotage): CacheStore {
  const { shared, bus } = store.capabilities ?? {};
  if (shared === undefined || bus === undefined)
    throw new Error('Only a shared store with a bus can be sabotaged.');
  return {
    capabilities: {
      ...store.capabilities,
      shared: sabotagedShared(shared, sabotage),
      bus: sabotagedBus(bus, sabotage),
    },
    connect: () => store.connect(),
    disconnect: () => store.disconnect(),
    isConnected: () => store.isConnected(),
    get: (key) => store.get(key),
    set: (key, value, ttl) => store.set(key, value, ttl),
    delete: (key) => store.delete(key),
    clear: () => store.clear(),
  };
}

/** Every operation, bound: the methods of a store read private fields of it. */
function bound(shared: SharedStore): SharedStore {
  return {
    fence: shared.fence,
    read: (keys, options) => shared.read(keys, options),
    lease: (requests, options) => shared.lease(requests, options),
    renew: (leases, leaseMs) => shared.renew(leases, leaseMs),
    release: (leases) => shared.release(leases),
    fill: (fills) => shared.fill(fills),
    write: (writes) => shared.write(writes),
    invalidate: (invalidation) => shared.invalidate(invalidation),
    ...(shared.retime === undefined
      ? {}
      : { retime: (requests) => shared.retime?.(requests) ?? Promise.resolve([]) }),
    stamps: (names) => shared.stamps(names),
    isCurrent: (asOf, name, stamp) => shared.isCurrent(asOf, name, stamp),
  };
}

function sabotagedShared(shared: SharedStore, sabotage: Sabotage): SharedStore {
  switch (sabotage) {
    case 'no-lease':
      return {
        ...bound(shared),
        fill: (fills) => shared.write(fills.map(({ lease, entry }) => ({ key: lease.key, entry }))),
      };
    case 'early-ack':
      return {
        ...bound(shared),
        invalidate: (invalidation) => {
          shared.invalidate(invalidation).catch(() => undefined);
          return Promise.resolve({ found: invalidation.keys.map(() => true), stamps: [] });
        },
      };
    case 'no-stamps':
      return {
        ...bound(shared),
        isCurrent: () => true,
        fill: (fills) =>
          shared.fill(
            fills.map(({ lease, entry }) => ({ lease, entry: { ...entry, stamps: [], tags: [] } })),
          ),
      };
    case 'no-versions':
      return {
        ...bound(shared),
        write: (writes) =>
          shared.write(writes.map(({ key, entry: { version: _, ...entry } }) => ({ key, entry }))),
      };
    default:
      return shared;
  }
}

function sabotagedBus(bus: InvalidationBus, sabotage: Sabotage): InvalidationBus {
  const { announcedByStore } = bus;
  switch (sabotage) {
    case 'deaf':
      return {
        announcedByStore,
        subscribe: (subscriber) => {
          subscriber.alive(Infinity);
          return { publish: () => Promise.resolve(), close: () => Promise.resolve() };
        },
      };
    case 'no-gap':
    case 'no-lease-time':
      return {
        announcedByStore,
        subscribe: (subscriber, options) => bus.subscribe(trusting(subscriber, sabotage), options),
      };
    default:
      return bus;
  }
}

function trusting(subscriber: BusSubscriber, sabotage: 'no-gap' | 'no-lease-time'): BusSubscriber {
  return {
    invalidated: (message) => subscriber.invalidated(message),
    gap: (cause) => {
      if (sabotage === 'no-lease-time') subscriber.gap(cause);
    },
    alive: (sinceMs) => subscriber.alive(sabotage === 'no-lease-time' ? Infinity : sinceMs),
  };
}
