import { LRUCache } from 'lru-cache';
import { describe, expect, it } from 'vitest';
import { type Slot, SlotWalk } from './slot-walk.ts';
import type { TableKey } from './table-key.ts';

const NOW = 1000;

function makeCache(count: number) {
  const cache = new LRUCache<TableKey, unknown & {}>({
    maxSize: 1e9,
    ttlResolution: 0,
    perf: { now: () => NOW },
  });
  for (let index = 0; index < count; index++) cache.set(`k${index}`, index, { size: 1 });
  return cache;
}

function rest(walk: SlotWalk): Slot[] {
  const slots: Slot[] = [];
  while (walk.hasMore) {
    const slot = walk.next(NOW);
    if (slot !== null) slots.push(slot);
  }
  return slots;
}

describe('SlotWalk', () => {
  it('meets nothing in an empty cache', () => {
    expect(new SlotWalk(makeCache(0)).hasMore).toBe(false);
  });

  it('tells how long each has left', () => {
    const cache = makeCache(1);
    cache.set('short', 1, { size: 1, ttl: 10, start: NOW });
    cache.set('over', 1, { size: 1, ttl: 10, start: NOW - 11 });
    expect(rest(new SlotWalk(cache))).toEqual([
      { key: 'k0', remainingMs: Infinity },
      { key: 'short', remainingMs: 10 },
      { key: 'over', remainingMs: -1 },
    ]);
  });

  it('meets all of them once, though each that it rests at is used', () => {
    const cache = makeCache(100);
    const walk = new SlotWalk(cache);
    const met: unknown[] = [];
    while (walk.hasMore) {
      const { key } = walk.next(NOW)!;
      met.push(key);
      cache.get(key);
    }
    expect(new Set(met).size).toBe(100);
    expect(met).toHaveLength(100);
  });

  it('meets what stays, though each that it rests at is removed and its slot given to another', () => {
    const cache = makeCache(100);
    const walk = new SlotWalk(cache);
    const met: unknown[] = [];
    while (walk.hasMore) {
      const slot = walk.next(NOW);
      met.push(slot?.key);
      if (met.length % 2 === 0) {
        cache.delete(slot!.key);
        cache.set(`new${met.length}`, 1, { size: 1 });
      }
    }
    for (let index = 0; index < 100; index++) expect(met).toContain(`k${index}`);
  });
});
