import type { StoreName } from '../store/store-name.ts';
import type { StoreServices } from '../store/store-services.ts';
import { ioredisByHand } from './ioredis-by-hand.ts';
import { larder } from './larder.ts';
import { larderOnRedis } from './larder-on-redis.ts';
import { lruCache } from './lru-cache.ts';
import { noCache } from './no-cache.ts';
import type { SubjectKind } from './subject.ts';

/** Who is replayed against on these stores, in this order. */
export function subjectsOf(stores: readonly StoreName[], services: StoreServices): readonly SubjectKind[] {
  const redis = () => services.redis;
  const all: readonly SubjectKind[] = [
    larder,
    lruCache,
    larderOnRedis('L2', redis),
    larderOnRedis('L1 + L2', redis),
    ioredisByHand(redis),
    noCache,
  ];
  return all.filter(({ store }) => store === null || stores.includes(store));
}
