import { LRUCache } from 'lru-cache';
import type { SourceValue } from '../source/source-value.ts';
import { SUBJECT_TTL_SECONDS, type SubjectKind } from './subject.ts';

/** What one writes by hand around lru-cache: look, load, store. Nothing keeps two requests from loading the same key. */
export const lruCache: SubjectKind = {
  name: 'lru-cache',
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
      counts: () => ({ hits, joins: 0, entries: cache.size }),
      close: () => cache.clear(),
    };
  },
};
