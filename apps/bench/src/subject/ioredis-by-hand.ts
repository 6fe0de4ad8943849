import { MessagePackSerializer } from '@larder/cache-core';
import { connected, type RedisService } from '../store/redis-service.ts';
import { SUBJECT_TTL_SECONDS, type SubjectKind } from './subject.ts';

/** What one writes by hand around a Redis client: look, load, store. No guarantee of any kind. */
export function ioredisByHand(service: () => RedisService): SubjectKind {
  return {
    name: 'ioredis by hand',
    store: 'redis',
    lane: 'L2',
    timeShare: 0.3,
    requestMs: 0.03,
    create: async (source) => {
      const { url, prefix } = service().newPlace();
      const client = await connected(url);
      const serializer = new MessagePackSerializer();
      let hits = 0;
      return {
        get: async (key) => {
          const bytes = await client.getBuffer(prefix + key);
          if (bytes !== null) {
            hits++;
            return serializer.deserialize(bytes);
          }
          const loaded = await source.read(key);
          const written = Buffer.from(serializer.serialize(loaded));
          await client.set(prefix + key, written, 'PX', SUBJECT_TTL_SECONDS * 1000);
          return loaded;
        },
        invalidate: (key) => client.unlink(prefix + key),
        counts: () => ({ hits, l2Hits: hits, joins: 0, entries: 0, storeErrors: 0 }),
        close: async () => {
          client.disconnect();
          await service().clear({ prefix });
        },
      };
    },
  };
}
