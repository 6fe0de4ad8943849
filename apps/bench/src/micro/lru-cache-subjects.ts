// oxlint-disable typescript/await-thenable -- what is measured is the work of a caller who awaits, as callers of a cache do
import { LRUCache } from 'lru-cache';
import { type MicroSetup, type MicroSubject, type MicroValue, microValue } from './micro-subject.ts';

function filledCache({ keys, ttlMs }: MicroSetup): LRUCache<string, MicroValue> {
  const cache = new LRUCache<string, MicroValue>({ max: keys.length, ttl: ttlMs });
  for (const [place, key] of keys.entries()) cache.set(key, microValue(place));
  return cache;
}

export const lruCacheAwaitedGet: MicroSubject = (setup) => {
  const cache = filledCache(setup);
  const { reads } = setup;
  return async (from, to) => {
    let sum = 0;
    for (let i = from; i < to; i++) {
      const value = await cache.get(reads[i] as string);
      sum += (value as MicroValue).n;
    }
    return sum;
  };
};

export const lruCacheGet: MicroSubject = (setup) => {
  const cache = filledCache(setup);
  const { reads } = setup;
  return (from, to) => {
    let sum = 0;
    for (let i = from; i < to; i++) {
      const value = cache.get(reads[i] as string);
      sum += (value as MicroValue).n;
    }
    return sum;
  };
};

export const lruCacheSet: MicroSubject = (setup) => {
  const cache = filledCache(setup);
  const { reads } = setup;
  return async (from, to) => {
    let sum = 0;
    for (let i = from; i < to; i++) {
      const value = microValue(i);
      await cache.set(reads[i] as string, value);
      sum += value.n;
    }
    return sum;
  };
};

export const lruCacheInsert: MicroSubject = (setup) => {
  const cache = filledCache(setup);
  const { inserts } = setup;
  return async (from, to) => {
    let sum = 0;
    for (let i = from; i < to; i++) {
      const value = microValue(i);
      await cache.set(inserts[i] as string, value);
      sum += value.n;
    }
    return sum;
  };
};
