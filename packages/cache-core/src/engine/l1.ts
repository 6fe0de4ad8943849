import { type EntryLife, MemoryEntry } from '../memory/memory-entry.ts';
import type { CallOptions } from './call-options.ts';
import { leadMs } from './early-refresh.ts';
import type { Found } from './found.ts';
import { type Hub, mayServe } from './hub.ts';
import { report, type View } from './view.ts';

/**
 * The value of an entry in memory if it may be handed out as fresh, else undefined. On the hit path of everything but
 * plain entries: one tier reads the coarse clock, two read the monotonic clock itself (S7).
 *
 * @param loads whether the caller has a loader, so that an entry due for a refresh is worth the slow path
 */
export function freshValue(hub: Hub, entry: MemoryEntry, loads: boolean): unknown {
  const nowMs = hub.leased ? hub.clock.now() : hub.clock.coarseNow();
  if (nowMs >= entry.freshUntilMs || (loads && nowMs >= entry.refreshAtMs)) return undefined;
  if (!mayServe(hub, entry, nowMs)) return undefined;
  return entry.handOut();
}

/** What memory has under a key, fresh or stale, if it may be served. Takes out what never will be again. */
export function fromL1(view: View, key: string): Found | null {
  if (!view.usesL1) return null;
  const { hub, place } = view;
  const found = hub.table.find(place, key);
  if (found === undefined) return null;
  if (!(found instanceof MemoryEntry)) {
    const keptMs = hub.table.remainingMs(place, key);
    // The coarse clock, by which it was found, lags.
    if (keptMs === 0) return null;
    return { ...BARE, value: found, freshMs: keptMs, keptMs, ttlMs: keptMs };
  }
  const nowMs = hub.clock.now();
  if (nowMs >= found.keptUntilMs || !mayServe(hub, found, nowMs)) {
    hub.table.remove(place, key);
    return null;
  }
  return {
    value: found.handOut(),
    source: 'l1',
    freshMs: found.freshUntilMs - nowMs,
    keptMs: found.keptUntilMs - nowMs,
    ttlMs: found.ttlMs,
    graceMs: found.graceMs,
    loadMs: found.loadMs,
    tags: found.tags,
  };
}

const BARE = { source: 'l1', graceMs: 0, loadMs: 0, tags: [] } as const;

/** The schema that a value in memory has passed, if any. */
export function checkedBy(view: View, key: string): object | null {
  const found = view.usesL1 ? view.hub.table.find(view.place, key) : undefined;
  return found instanceof MemoryEntry ? found.schema : null;
}

/**
 * Puts a value into memory. False where it cannot be kept: it is too large, or cannot be cloned. Whether it may be
 * kept, with nothing invalidated meanwhile, is for the caller to know.
 */
export function keepInL1(
  view: View,
  key: string,
  value: unknown,
  life: EntryLife,
  options: CallOptions,
): boolean {
  if (!view.usesL1 || life.freshMs <= 0) return false;
  // Where memory is all there is, nothing is behind it to be read again.
  const isCopy = view.hub.shared !== null;
  const shortened = isCopy && options.l1TtlMs < life.freshMs ? shorten(life, options.l1TtlMs) : life;
  const recorded = needsEntry(view, shortened, options);
  const refreshLeadMs = leadMs(options.earlyRefresh, shortened);
  try {
    const full = recorded ? { ...shortened, refreshLeadMs, schema: options.schema } : shortened;
    return view.hub.table.put(view.place, key, value, full, recorded);
  } catch (error) {
    report(view.context, error, 'keep in memory', key);
    return false;
  }
}

/** Whether more has to be kept than the bare value. Grace, tags and version are those of what is stored. */
export function needsEntry(
  { hub }: View,
  { graceMs, tags, version }: Pick<EntryLife, 'graceMs' | 'tags' | 'version'>,
  { earlyRefresh, schema }: CallOptions,
): boolean {
  if (hub.leased || graceMs > 0 || tags.length > 0) return true;
  return version !== undefined || schema !== null || earlyRefresh !== false;
}

function shorten(life: EntryLife, l1TtlMs: number): EntryLife {
  return { ...life, freshMs: l1TtlMs, keptMs: Math.min(life.keptMs, l1TtlMs) };
}
