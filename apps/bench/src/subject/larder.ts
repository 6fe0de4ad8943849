import { CacheManager, MemoryStore } from '@larder/cache-core';
import { SUBJECT_TTL_SECONDS, type SubjectKind } from './subject.ts';

/** Larder on its embedded memory store, as an application would use it. */
export const larder: SubjectKind = {
  name: 'larder',
  create: (source, maxEntries) => {
    const store = new MemoryStore({ maxEntries, maxBytes: Infinity });
    const cache = new CacheManager({ store, ttl: SUBJECT_TTL_SECONDS });
    return {
      get: (key) => cache.get(key, () => source.read(key)),
      invalidate: (key) => cache.delete(key),
      counts: () => {
        const { hits, joins, entries } = cache.stats();
        return { hits, joins, entries };
      },
      close: () => cache.close(),
    };
  },
};
