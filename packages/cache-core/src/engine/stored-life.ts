import type { Clock } from '../contracts/clock.ts';
import type { EntryDraft } from '../contracts/shared-store.ts';
import type { EntryLife } from '../memory/memory-entry.ts';
import type { Place } from '../memory/place.ts';
import type { CallOptions } from './call-options.ts';
import { leadMs } from './early-refresh.ts';

/** The time to live of what is stored now: jitter shortens it, never lengthens. */
export function ttlOf(options: CallOptions, clock: Clock): number {
  if (options.jitter === 0 || options.ttlMs === Infinity) return options.ttlMs;
  return Math.ceil(options.ttlMs * (1 - options.jitter * clock.random()));
}

/** What goes to the store. */
export function draftOf(
  place: Place,
  value: unknown,
  ttlMs: number,
  loadMs: number,
  options: CallOptions,
): EntryDraft {
  return {
    value,
    ttlMs,
    graceMs: options.graceMs,
    loadMs: Math.ceil(loadMs),
    stamps: place.stamps,
    tags: options.tags,
    ...(options.version === undefined ? {} : { version: options.version }),
    ...(options.compress === undefined ? {} : { compress: options.compress }),
  };
}

/** What memory keeps of a value that is stored now. */
export function lifeOf(
  ttlMs: number,
  loadMs: number,
  began: { readonly asOf: number; readonly startedMs: number },
  options: CallOptions,
): EntryLife {
  return {
    freshMs: ttlMs,
    keptMs: ttlMs + options.graceMs,
    ttlMs,
    graceMs: options.graceMs,
    loadMs,
    startedMs: began.startedMs,
    asOf: began.asOf,
    tags: options.tags,
    version: options.version,
    schema: options.schema,
    refreshLeadMs: leadMs(options.earlyRefresh, { ttlMs, loadMs }),
  };
}
