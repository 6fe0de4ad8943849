import { CacheManager } from '@larder/cache-core';
import { RedisStore } from '@larder/store-redis';
import type { RedisService } from '../store/redis-service.ts';
import type { Lane } from '../store/store-name.ts';
import { SUBJECT_TTL_SECONDS, type SubjectKind } from './subject.ts';

/** Larder on Redis, as an application would use it: with memory in front of it, or without. */
export function larderOnRedis(lane: Exclude<Lane, 'L1'>, service: () => RedisService): SubjectKind {
  return {
    name: `larder, ${lane}`,
    store: 'redis',
    lane,
    timeShare: 0.35,
    requestMs: 0.03,
    create: async (source, maxEntries) => {
      const place = service().newPlace();
      const store = new RedisStore(place.url, { prefix: place.prefix });
      await store.connect();
      const l1 = lane === 'L2' ? false : { maxEntries, maxBytes: Infinity };
      const cache = new CacheManager({ store, l1, ttl: SUBJECT_TTL_SECONDS });
      let l2Hits = 0;
      // Without memory every hit is one of the store. To listen costs each hit a fraction of a microsecond.
      if (lane === 'L1 + L2') {
        cache.on('hit', (hit) => {
          if (hit.source === 'l2') l2Hits++;
        });
      }
      return {
        get: (key) => cache.get(key, () => source.read(key)),
        invalidate: (key) => cache.delete(key),
        counts: () => {
          const { hits, joins, entries, storeErrors } = cache.stats();
          return { hits, l2Hits: lane === 'L2' ? hits : l2Hits, joins, entries, storeErrors };
        },
        close: async () => {
          await cache.close();
          await service().clear(place);
        },
      };
    },
  };
}
