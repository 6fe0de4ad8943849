import { ManualClock } from '@larder/cache-core';
import type { EntryLife } from '../src/memory/memory-entry.ts';
import { type MemoryStoreOptions, resolveMemoryOptions } from '../src/memory/memory-options.ts';
import { MemoryTable } from '../src/memory/memory-table.ts';
import type { Place } from '../src/memory/place.ts';

/** A table with a clock in the hand, and what has left it by itself: `path:key cause`. */
export function makeTable(options?: MemoryStoreOptions) {
  const clock = new ManualClock();
  const table = new MemoryTable(resolveMemoryOptions({ clock, ...options }, 'MemoryStore'));
  const left: string[] = [];
  table.evictionListeners.add((place, key, cause) => left.push(`${place.path}:${key} ${cause}`));
  return { clock, table, left };
}

export function placeAt(table: MemoryTable, names: readonly string[]): Place {
  let place = table.root;
  for (const name of names) place = place.child(name);
  return place;
}

/** The life of something that is stored now. */
export function lifeNow(table: MemoryTable, given: Partial<EntryLife> = {}): EntryLife {
  const { ttlMs = Infinity, graceMs = 0 } = given;
  return {
    freshMs: ttlMs,
    keptMs: ttlMs + graceMs,
    ttlMs,
    graceMs,
    loadMs: 0,
    startedMs: table.clock.now(),
    asOf: table.generations.now,
    tags: [],
    ...given,
  };
}
