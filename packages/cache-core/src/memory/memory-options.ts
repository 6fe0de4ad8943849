import { systemClock } from '../clock/system-clock.ts';
import type { Clock } from '../contracts/clock.ts';
import type { Duration } from '../contracts/duration.ts';
import { durationMs } from '../duration.ts';
import { byteCount, checkOptions, invalidOption, wholeNumber } from '../option-checks.ts';
import type { Isolation } from './isolation.ts';

/** How much memory may be used, and how values are handed out. */
export interface MemoryStoreOptions {
  /**
   * The most entries, from 1 up, those of all namespaces together. Default 100,000. The least recently used one goes first.
   * There are never more than 8 million, `Infinity` included.
   */
  readonly maxEntries?: number | undefined;
  /** The most bytes of keys and values: a number, or `'64mb'`. Default `'64mb'`. */
  readonly maxBytes?: number | string | undefined;
  /**
   * The bytes that an entry counts, instead of an estimate: a number from 0 up; fractions are rounded up, 0 counts as 1,
   * and what counts more than `maxBytes` (`Infinity`: whatever that is) is not kept. One that throws, or answers anything
   * else, fails the write with INVALID_CONFIGURATION and leaves nothing under the key.
   * Default: the known lengths of keys, strings and binary data; objects by an estimate that walks one in 16; and what an
   * entry costs beside them.
   */
  readonly sizeOf?: ((value: unknown, key: string) => number) | undefined;
  /** Default `'share'`: callers get the stored object itself. */
  readonly isolation?: Isolation | undefined;
  /** How often expired entries are looked for, in slices of at most a millisecond. Default `'30s'`; `Infinity` = only when they are asked for or evicted; 0 is refused. */
  readonly sweepInterval?: Duration | undefined;
  /** The most tags that are remembered; beyond it the oldest is forgotten and its entries with it. Default 100,000. */
  readonly maxTags?: number | undefined;
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
}

export interface MemoryLimits {
  readonly maxEntries: number;
  readonly maxBytes: number;
  readonly sizeOf: ((value: unknown, key: string) => number) | null;
  readonly isolation: Isolation;
  readonly sweepIntervalMs: number;
  readonly maxTags: number;
  readonly clock: Clock;
}

const NAMES = ['maxEntries', 'maxBytes', 'sizeOf', 'isolation', 'sweepInterval', 'maxTags', 'clock'] as const;

export function resolveMemoryOptions(options: MemoryStoreOptions | undefined, where: string): MemoryLimits {
  const given = checkOptions<MemoryStoreOptions>(options, NAMES, where);
  const { isolation = 'share', sizeOf, clock = systemClock } = given;
  if (isolation !== 'share' && isolation !== 'clone' && isolation !== 'freeze') {
    throw invalidOption(`${where}.isolation`, "'share', 'clone' or 'freeze'", isolation);
  }
  if (sizeOf !== undefined && typeof sizeOf !== 'function') {
    throw invalidOption(`${where}.sizeOf`, 'a function of value and key', sizeOf);
  }
  const sweepIntervalMs = durationMs(given.sweepInterval ?? '30s', `${where}.sweepInterval`);
  if (sweepIntervalMs === 0) {
    throw invalidOption(`${where}.sweepInterval`, 'longer than 0', 0, 'Infinity switches it off.');
  }
  return {
    maxEntries: wholeNumber(given.maxEntries ?? 100_000, `${where}.maxEntries`, { min: 1, max: Infinity }),
    maxBytes: byteCount(given.maxBytes ?? '64mb', `${where}.maxBytes`, { min: 1 }),
    sizeOf: sizeOf ?? null,
    isolation,
    sweepIntervalMs,
    maxTags: wholeNumber(given.maxTags ?? 100_000, `${where}.maxTags`, { min: 1 }),
    clock,
  };
}
