import { CacheManager, MemoryStore } from '@larder/cache-core';
import { LRUCache } from 'lru-cache';
import type { MicroValue } from './micro-subject.ts';

/** Puts every value under its key; answers what holds them. */
export type MemorySubject = (
  keys: readonly string[],
  values: readonly MicroValue[],
  ttlMs: number,
) => Promise<object> | object;

export const larderMemory: MemorySubject = async (keys, values, ttlMs) => {
  const cache = new CacheManager({ store: new MemoryStore({ maxEntries: keys.length }), ttl: ttlMs / 1000 });
  for (const [place, key] of keys.entries()) await cache.set(key, values[place]);
  return cache;
};

export const lruCacheMemory: MemorySubject = (keys, values, ttlMs) => {
  const cache = new LRUCache<string, MicroValue>({ max: keys.length, ttl: ttlMs });
  for (const [place, key] of keys.entries()) cache.set(key, values[place]);
  return cache;
};

export const mapMemory: MemorySubject = (keys, values) =>
  new Map(keys.map((key, place) => [key, values[place] as MicroValue]));
