import { MemoryEntry } from './memory-entry.ts';
import type { MemoryTable } from './memory-table.ts';
import type { Place } from './place.ts';

/** Gives an entry that is there and valid another time to live from now, or its own again where `ttlMs` is null. */
export function retime(table: MemoryTable, place: Place, key: string, ttlMs: number | null): void {
  const found = table.look(place, key);
  if (found === undefined) return;
  if (found instanceof MemoryEntry) retimeEntry(table, place, key, found, ttlMs ?? found.ttlMs);
  else if (ttlMs === null) table.restart(place, key);
  else table.putBare(place, key, found, ttlMs);
}

function retimeEntry(table: MemoryTable, place: Place, key: string, entry: MemoryEntry, ttlMs: number): void {
  const life = entry.lifeAt(table.clock.now());
  const times = {
    freshMs: ttlMs,
    keptMs: ttlMs + life.graceMs,
    ttlMs,
    refreshLeadMs: leadMs(life.refreshLeadMs, life.ttlMs, ttlMs),
  };
  table.put(place, key, entry.value, { ...life, ...times }, true);
}

/**
 * How long before its end a hit refreshes it. That was a share of the time to live, or a multiple of what loading takes:
 * the longer of both asks whether a refresh is due once too often rather than never.
 */
function leadMs(lead: number | undefined, oldTtlMs: number, ttlMs: number): number | undefined {
  return lead === undefined || ttlMs === Infinity ? undefined : lead * Math.max(1, ttlMs / oldTtlMs);
}

/** Makes an entry stale at once. It is kept for what is left of its grace, and removed where it has none. */
export function makeStale(table: MemoryTable, place: Place, key: string): void {
  const found = table.look(place, key);
  if (!(found instanceof MemoryEntry) || found.graceMs === 0) {
    table.remove(place, key);
    return;
  }
  const nowMs = table.clock.now();
  const life = found.lifeAt(nowMs);
  // The hit path may read the coarse clock, which lags: stale at once means stale by that one, too.
  const lagMs = table.clock.coarseNow() - nowMs;
  const times = { freshMs: Math.min(life.freshMs, lagMs, 0), keptMs: Math.min(life.keptMs, life.graceMs) };
  table.put(place, key, found.value, { ...life, ...times }, true);
}
