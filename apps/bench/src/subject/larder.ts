import { CacheManager, MemoryStore } from '@larder/cache-core';
import { SUBJECT_TTL_SECONDS, type SubjectKind } from './subject.ts';

/** Larder on its embedded memory store, as an application would use it. */
export const larder: SubjectKind = {
  name: 'larder',
  store: 'memory',
  lane: 'L1',
  timeShare: 0.35,
  requestMs: 0.003,
  create: (source, maxEntries) => {
    const store = new MemoryStore({ maxEntries, maxBytes: Infinity });
    const cache = new CacheManager({ store, ttl: SUBJECT_TTL_SECONDS });
    return {
      get: (key) => cache.get(key, () => source.read(key)),
      invalidate: (key) => cache.delete(key),
      counts: () => {
        const { hits, joins, entries } = cache.stats();
        return { hits, l2Hits: 0, joins, entries, storeErrors: 0 };
      },
      close: () => cache.close(),
    };
  },
};
