import { MessagePackSerializer } from '@larder/cache-core';
import type { Redis } from 'ioredis';
import { connected } from '../store/redis-service.ts';
import { type Cursor, inFlight } from './in-flight.ts';
import { type PayloadValue, payloads } from './micro-payload.ts';
import type { MicroSetup, MicroSubject } from './micro-subject.ts';
import { BULK_KEYS, type RedisWork } from './redis-work.ts';

// The limit on Redis: the bare client, the whole key at hand, and the bytes of the serializer without anything around them.

interface RawCache {
  readonly client: Redis;
  readonly serializer: MessagePackSerializer;
  /** What is read, by whole keys. */
  readonly reads: readonly string[];
}

async function emptyCache({ keys, reads, redis }: MicroSetup): Promise<RawCache> {
  const { url, prefix } = redis as NonNullable<typeof redis>;
  const names = new Map(keys.map((key) => [key, Buffer.from(prefix + key).toString('latin1')]));
  const client = await connected(url);
  return {
    client,
    serializer: new MessagePackSerializer(),
    reads: reads.map((key) => names.get(key) as string),
  };
}

async function filledCache(setup: MicroSetup, { bytes, shape }: RedisWork): Promise<RawCache> {
  const cache = await emptyCache(setup);
  const payloadOf = payloads(bytes, shape);
  const prefix = setup.redis?.prefix ?? '';
  for (const [place, key] of setup.keys.entries()) {
    const written = Buffer.from(cache.serializer.serialize(payloadOf(place)));
    await cache.client.set(prefix + key, written, 'PX', setup.ttlMs);
  }
  return cache;
}

export function ioredisGet(work: RedisWork): MicroSubject {
  return async (setup) => {
    const { client: redis, serializer, reads } = await filledCache(setup, work);
    const client = async (cursor: Cursor): Promise<number> => {
      let sum = 0;
      while (cursor.next < cursor.to) {
        const bytes = await redis.getBuffer(reads[cursor.next++] as string);
        sum += serializer.deserialize<PayloadValue>(bytes as Buffer).n;
      }
      return sum;
    };
    return (from, to) => inFlight(work.atOnce, from, to, client);
  };
}

export function ioredisGetMany(work: RedisWork): MicroSubject {
  return async (setup) => {
    const { client: redis, serializer, reads } = await filledCache(setup, work);
    const client = async (cursor: Cursor): Promise<number> => {
      let sum = 0;
      while (cursor.next < cursor.to) {
        const keys = reads.slice(cursor.next, cursor.next + BULK_KEYS);
        cursor.next += BULK_KEYS;
        const all = await redis.mgetBuffer(keys);
        const values = all.map((bytes) => serializer.deserialize<PayloadValue>(bytes as Buffer));
        for (const value of values) sum += value.n;
      }
      return sum;
    };
    return (from, to) => inFlight(work.atOnce, from, to, client);
  };
}

export function ioredisSet(work: RedisWork): MicroSubject {
  return async (setup) => {
    const { client: redis, serializer, reads } = await emptyCache(setup);
    const payloadOf = payloads(work.bytes, work.shape);
    const values = Array.from(reads, (_, place) => payloadOf(place));
    const { ttlMs } = setup;
    const client = async (cursor: Cursor): Promise<number> => {
      let sum = 0;
      while (cursor.next < cursor.to) {
        const place = cursor.next++;
        const value = values[place] as PayloadValue;
        const bytes = serializer.serialize(value) as Buffer;
        await redis.set(reads[place] as string, bytes, 'PX', ttlMs);
        sum += value.n;
      }
      return sum;
    };
    return (from, to) => inFlight(work.atOnce, from, to, client);
  };
}
