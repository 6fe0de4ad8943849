import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { CacheManager, ManualClock } from '@larder/cache-core';
import { describe, expect, it } from 'vitest';
import { memoryKind, twoTiers } from './cache-kinds.ts';
import { never } from './held.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

async function heapBytes(): Promise<number> {
  for (let turn = 0; turn < 4; turn++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage().heapUsed;
}

const MB = 1024 ** 2;

describe.each([memoryKind, twoTiers])('memory over $name', (kind) => {
  it('F22 a hundred thousand rejected loads that never settle leave it flat', async () => {
    const { cache, clock, memory } = kind.open({ hardTimeout: '10ms', maxInFlight: 100_000 });
    const round = async (): Promise<number> => {
      for (let batch = 0; batch < 10; batch++) {
        const reads = Array.from({ length: 1000 }, (_, at) =>
          cache.get(`${batch} ${at}`, () => never<number>()).catch(() => undefined),
        );
        await clock.advance(10);
        await Promise.all(reads);
      }
      await cache.flush();
      if (memory !== undefined) memory.log.length = 0;
      return heapBytes();
    };
    await round();
    const before = await round();
    let after = 0;
    for (let at = 0; at < 10; at++) after = await round();
    console.log(`F22 ${kind.name}: ${((after - before) / MB).toFixed(2)} MB after 100,000 rejected loads`);
    expect(after - before).toBeLessThan(5 * MB);
    expect(cache.stats().inFlight).toBe(0);
  }, 120_000);

  it('F29 a hundred thousand distinct keys in flight, and none afterwards', async () => {
    const { cache } = kind.open({ maxInFlight: 100_000, l1: kind.l1 ? { maxEntries: 1 } : false });
    const keys = Array.from({ length: 100_000 }, (_, at) => `user:${at}`);
    await cache.get('warm', () => 1);
    const before = await heapBytes();
    let shared!: (value: number) => void;
    const source = new Promise<number>((resolve) => {
      shared = resolve;
    });
    const reads = keys.map((key) => cache.get(key, () => source));
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(cache.stats().inFlight).toBe(100_000);
    const during = await heapBytes();
    shared(1);
    await Promise.all(reads);
    reads.length = 0;
    await cache.flush();
    const after = await heapBytes();
    console.log(
      `F29 ${kind.name}: ${Math.round((during - before) / 100_000)} bytes a key in flight; ${((after - before) / MB).toFixed(2)} MB left`,
    );
    expect(cache.stats().inFlight).toBe(0);
    // The store double keeps every key: what it has is not the cache's.
    if (!kind.l2) expect(after - before).toBeLessThan(5 * MB);
    expect((during - before) / 100_000).toBeLessThan(kind.l2 ? 6000 : 1500);
  }, 120_000);
});

describe('F29 the cap on work under way', () => {
  it('beyond it loads are neither shared nor kept, and none is refused', async () => {
    const { cache, clock } = twoTiers.open({ maxInFlight: 2 });
    let loads = 0;
    let end!: () => void;
    const source = new Promise<void>((resolve) => {
      end = resolve;
    });
    const loader = async () => {
      const own = ++loads;
      await source;
      return own;
    };
    const reads = ['a', 'b', 'c', 'c', 'a'].map((key) => cache.get(key, loader));
    await clock.advance(0);
    end();
    const [a, b, c, otherC, otherA] = await Promise.all(reads);
    expect(new Set([a, b, c, otherC])).toEqual(new Set([1, 2, 3, 4]));
    expect(otherA).toBe(a);
    await cache.flush();
    expect([cache.peek('a'), cache.peek('b'), cache.peek('c')]).toEqual([a, b, undefined]);
    expect(cache.stats().inFlight).toBe(0);
  });

  it('holds for a batch, too', async () => {
    const { cache, memory } = twoTiers.open({ maxInFlight: 2 });
    const keys = ['a', 'b', 'c', 'd'];
    expect(await cache.getMany(keys, (asked) => asked)).toEqual(keys);
    expect(keys.map((key) => cache.peek(key))).toEqual(['a', 'b', undefined, undefined]);
    expect([...memory!.entries.keys()]).toEqual([':a', ':b']);
  });
});

describe('what is remembered', () => {
  it('of failures, tags and namespaces is bounded or collected', async () => {
    const cache = new CacheManager({ clock: new ManualClock(), errorTtl: 3600, l1: { maxTags: 1000 } });
    const failing = () => {
      throw new Error('no');
    };
    const round = async (from: number): Promise<number> => {
      for (let at = from; at < from + 20_000; at++) {
        await cache.get(`key ${at}`, failing).catch(() => undefined);
        cache.namespace(`n ${at}`).peek('k');
        await cache.invalidateTag(`t ${at}`);
      }
      return heapBytes();
    };
    const before = await round(0);
    await round(20_000);
    const after = await round(40_000);
    console.log(`remembered: ${((after - before) / MB).toFixed(2)} MB more after 40,000 of each`);
    expect(after - before).toBeLessThan(5 * MB);
  }, 120_000);
});
