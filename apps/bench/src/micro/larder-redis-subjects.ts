import { CacheManager, type MemoryStoreOptions } from '@larder/cache-core';
import { RedisStore } from '@larder/store-redis';
import { type Cursor, inFlight } from './in-flight.ts';
import { type PayloadValue, payloads } from './micro-payload.ts';
import { type MicroSetup, type MicroSubject, type MicroValue, microValue } from './micro-subject.ts';
import { BULK_KEYS, type RedisWork } from './redis-work.ts';

/** A deadline costs the same however long it is; on a busy machine none is to end a run. */
const PATIENCE = '1m';

/** So many bytes go to the server in one step. */
const FILL_BYTES = 1_000_000;

/** How long a bus may take until memory may be served on its word. */
const L1_READY_MS = 60_000;

async function openCache(
  { redis, ttlMs }: MicroSetup,
  l1: false | MemoryStoreOptions,
): Promise<CacheManager> {
  const { url, prefix } = redis as NonNullable<typeof redis>;
  const store = new RedisStore(url, { prefix, silenceLimit: PATIENCE, writeDelayLimit: PATIENCE });
  await store.connect();
  const deadlines = { storeTimeout: PATIENCE, invalidationTimeout: PATIENCE };
  return new CacheManager({ store, l1, ttl: ttlMs / 1000, ...deadlines });
}

async function filledCache(setup: MicroSetup, { bytes, shape }: RedisWork): Promise<CacheManager> {
  const cache = await openCache(setup, false);
  const payloadOf = payloads(bytes, shape);
  const step = Math.max(1, Math.min(BULK_KEYS, Math.floor(FILL_BYTES / bytes)));
  for (let from = 0; from < setup.keys.length; from += step) {
    const keys = setup.keys.slice(from, from + step);
    await cache.setMany(keys.map((key, place) => ({ key, value: payloadOf(from + place) })));
  }
  return cache;
}

export function larderL2Get(work: RedisWork): MicroSubject {
  return async (setup) => {
    const cache = await filledCache(setup, work);
    const { reads } = setup;
    const client = async (cursor: Cursor): Promise<number> => {
      let sum = 0;
      while (cursor.next < cursor.to) {
        const value = await cache.get<PayloadValue>(reads[cursor.next++] as string);
        sum += (value as PayloadValue).n;
      }
      return sum;
    };
    return (from, to) => inFlight(work.atOnce, from, to, client);
  };
}

export function larderL2GetWithLoader(work: RedisWork): MicroSubject {
  return async (setup) => {
    const cache = await filledCache(setup, work);
    const { reads } = setup;
    const load = (): PayloadValue => ({ n: Number.NaN });
    const client = async (cursor: Cursor): Promise<number> => {
      let sum = 0;
      while (cursor.next < cursor.to) {
        const value = await cache.get(reads[cursor.next++] as string, load);
        sum += value.n;
      }
      return sum;
    };
    return (from, to) => inFlight(work.atOnce, from, to, client);
  };
}

export function larderL2GetMany(work: RedisWork): MicroSubject {
  return async (setup) => {
    const cache = await filledCache(setup, work);
    const { reads } = setup;
    const client = async (cursor: Cursor): Promise<number> => {
      let sum = 0;
      while (cursor.next < cursor.to) {
        const keys = reads.slice(cursor.next, cursor.next + BULK_KEYS);
        cursor.next += BULK_KEYS;
        const values = await cache.getMany<PayloadValue>(keys);
        for (const value of values) sum += (value as PayloadValue).n;
      }
      return sum;
    };
    return (from, to) => inFlight(work.atOnce, from, to, client);
  };
}

export function larderL2Set(work: RedisWork): MicroSubject {
  return async (setup) => {
    const cache = await openCache(setup, false);
    const { reads } = setup;
    const payloadOf = payloads(work.bytes, work.shape);
    const values = Array.from(reads, (_, place) => payloadOf(place));
    const client = async (cursor: Cursor): Promise<number> => {
      let sum = 0;
      while (cursor.next < cursor.to) {
        const place = cursor.next++;
        const value = values[place] as PayloadValue;
        await cache.set(reads[place] as string, value);
        sum += value.n;
      }
      return sum;
    };
    return (from, to) => inFlight(work.atOnce, from, to, client);
  };
}

/** Memory in front of Redis, with everything in it that a round asks for. */
async function warmCache(setup: MicroSetup): Promise<CacheManager> {
  const cache = await openCache(setup, { maxEntries: setup.keys.length * 2, maxBytes: Infinity });
  const places = new Map(setup.keys.map((key, place) => [key, place]));
  const giveUpMs = performance.now() + L1_READY_MS;
  // Only the bus can say from when on memory may be served: what was stored there before is stored in vain.
  for (let missing: readonly string[] = setup.keys.slice(0, 1); ; ) {
    for (let from = 0; from < missing.length; from += BULK_KEYS) {
      const keys = missing.slice(from, from + BULK_KEYS);
      await cache.setMany(keys.map((key) => ({ key, value: microValue(places.get(key) as number) })));
    }
    const served = missing.every((key) => cache.peek(key) !== undefined);
    missing = served ? setup.keys.filter((key) => cache.peek(key) === undefined) : missing;
    if (missing.length === 0) return cache;
    if (performance.now() > giveUpMs) throw new Error('memory in front of Redis is not being served');
  }
}

export const larderL1BeforeL2Get: MicroSubject = async (setup) => {
  const cache = await warmCache(setup);
  const { reads } = setup;
  return async (from, to) => {
    let sum = 0;
    for (let i = from; i < to; i++) {
      const value = await cache.get<MicroValue>(reads[i] as string);
      sum += (value as MicroValue).n;
    }
    return sum;
  };
};

export const larderL1BeforeL2GetWithLoader: MicroSubject = async (setup) => {
  const cache = await warmCache(setup);
  const { reads } = setup;
  const load = (): MicroValue => ({ n: Number.NaN });
  return async (from, to) => {
    let sum = 0;
    for (let i = from; i < to; i++) {
      const value = await cache.get(reads[i] as string, load);
      sum += value.n;
    }
    return sum;
  };
};
