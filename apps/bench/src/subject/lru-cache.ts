import { LRUCache } from 'lru-cache';
import type { SourceValue } from '../source/source-value.ts';
import { SUBJECT_TTL_SECONDS, type SubjectKind } from './subject.ts';

/** What one writes by hand around lru-cache: look, load, store. Nothing keeps two requests from loading the same key. */
export const lruCache: SubjectKind = {
  name: 'lru-cache',
  store: 'memory',
  lane: 'L1',
  timeShare: 0.45,
  requestMs: 0.003,
  create: (source, maxEntries) => {
    const cache = new LRUCache<string, SourceValue>({ max: maxEntries, ttl: SUBJECT_TTL_SECONDS * 1000 });
    let hits = 0;
    return {
      get: async (key) => {
        const cached = cache.get(key);
        if (cached !== undefined) {
          hits++;
          return cached;
        }
        const loaded = await source.read(key);
        cache.set(key, loaded);
        return loaded;
      },
      invalidate: (key) => cache.delete(key),
      counts: () => ({ hits, l2Hits: 0, joins: 0, entries: cache.size, storeErrors: 0 }),
      close: () => cache.clear(),
    };
  },
};
