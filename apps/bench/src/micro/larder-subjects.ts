import { CacheManager, MemoryStore } from '@larder/cache-core';
import { type MicroSetup, type MicroSubject, type MicroValue, microValue } from './micro-subject.ts';

function emptyCache({ keys, ttlMs }: MicroSetup): CacheManager {
  return new CacheManager({ store: new MemoryStore({ maxEntries: keys.length }), ttl: ttlMs / 1000 });
}

async function filledCache(setup: MicroSetup): Promise<CacheManager> {
  const cache = emptyCache(setup);
  for (const [place, key] of setup.keys.entries()) await cache.set(key, microValue(place));
  return cache;
}

export const larderGet: MicroSubject = async (setup) => {
  const cache = await filledCache(setup);
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

export const larderGetWithLoader: MicroSubject = async (setup) => {
  const cache = await filledCache(setup);
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

export const larderNamespaceGet: MicroSubject = async (setup) => {
  const cache = emptyCache(setup).namespace('bench');
  for (const [place, key] of setup.keys.entries()) await cache.set(key, microValue(place));
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

export const larderTaggedGet: MicroSubject = async (setup) => {
  const cache = emptyCache(setup);
  for (const [place, key] of setup.keys.entries()) {
    await cache.set(key, microValue(place), { tags: [`tag:${place % 100}`] });
  }
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

export const larderPeek: MicroSubject = async (setup) => {
  const cache = await filledCache(setup);
  const { reads } = setup;
  return (from, to) => {
    let sum = 0;
    for (let i = from; i < to; i++) {
      const value = cache.peek<MicroValue>(reads[i] as string);
      sum += (value as MicroValue).n;
    }
    return sum;
  };
};

export const larderSet: MicroSubject = async (setup) => {
  const cache = await filledCache(setup);
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

export const larderInsert: MicroSubject = async (setup) => {
  const cache = await filledCache(setup);
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
