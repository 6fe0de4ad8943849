import type { Clock } from '../contracts/clock.ts';
import type { InvalidationBus } from '../contracts/invalidation-bus.ts';
import type { Logger } from '../contracts/logger.ts';
import type { MemoryStoreOptions } from '../memory/memory-options.ts';

/** What is decided once for a store instance, by the first cache on it. */
export interface HubOptions {
  /** Undefined: memory in front of a store that has a bus, none in front of one that has not. */
  readonly l1: MemoryStoreOptions | boolean | undefined;
  /** Undefined: the store's own. */
  readonly bus: InvalidationBus | false | undefined;
  readonly maxStalenessMs: number;
  readonly storeTimeoutMs: number;
  readonly invalidationTimeoutMs: number;
  readonly maxInFlight: number;
  readonly maxConcurrentLoads: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What belongs to the hub, by the names that users know. */
const HUB_OPTIONS = [
  'bus',
  'clock',
  'l1',
  'maxStaleness',
  'storeTimeout',
  'invalidationTimeout',
  'maxInFlight',
  'maxConcurrentLoads',
] as const;

/** The name of an option that was given and differs from what a hub was made with; undefined where none does. */
export function differingOption(
  options: HubOptions,
  settled: HubOptions,
  given: ReadonlySet<string>,
): string | undefined {
  return HUB_OPTIONS.find((name) => {
    if (!given.has(name)) return false;
    if (name === 'maxStaleness' || name === 'storeTimeout' || name === 'invalidationTimeout')
      return options[`${name}Ms`] !== settled[`${name}Ms`];
    if (name === 'l1') return !sameOptions(options.l1, settled.l1);
    return options[name] !== settled[name];
  });
}

function sameOptions(one: unknown, other: unknown): boolean {
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null)
    return one === other;
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every(
    (name) => (one as Record<string, unknown>)[name] === (other as Record<string, unknown>)[name],
  );
}
