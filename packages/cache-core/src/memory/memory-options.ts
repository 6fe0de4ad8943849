import { systemClock } from '../clock/system-clock.ts';
import type { Clock } from '../contracts/clock.ts';
import type { Duration } from '../contracts/duration.ts';
import { durationMs } from '../duration.ts';
import { byteCount, checkOptions, invalidOption, wholeNumber } from '../option-checks.ts';
import type { Isolation } from './isolation.ts';

/** How much memory may be used, and how values are handed out. */
export interface MemoryStoreOptions {
  /** The most entries, from 1 up, `Infinity` allowed. Default 100,000. The least recently used one goes first. */
  readonly maxEntries?: number;
  /** The most bytes of keys and values: a number, or `'64mb'`. Default `'64mb'`. */
  readonly maxBytes?: number | string;
  /**
   * The bytes of a value, a whole number. Default: known lengths of strings and binary data; objects by an estimate
   * that walks one in 16.
   */
  readonly sizeOf?: (value: unknown, key: string) => number;
  /** Default `'share'`: callers get the stored object itself. */
  readonly isolation?: Isolation;
  /** How often expired entries are looked for, in slices of at most a millisecond. Default `'30s'`; `Infinity` = only when they are asked for or evicted. */
  readonly sweepInterval?: Duration;
  /** The most tags that are remembered; beyond it the oldest is forgotten and its entries with it. Default 100,000. */
  readonly maxTags?: number;
  /** Default: the system's. */
  readonly clock?: Clock;
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
  return {
    maxEntries: wholeNumber(given.maxEntries ?? 100_000, `${where}.maxEntries`, { min: 1, max: Infinity }),
    maxBytes: byteCount(given.maxBytes ?? '64mb', `${where}.maxBytes`, { min: 1 }),
    sizeOf: sizeOf ?? null,
    isolation,
    sweepIntervalMs: durationMs(given.sweepInterval ?? '30s', `${where}.sweepInterval`),
    maxTags: wholeNumber(given.maxTags ?? 100_000, `${where}.maxTags`, { min: 1 }),
    clock,
  };
}
