import { CacheManager } from '@larder/cache-core';
import { describe, expect, it } from 'vitest';
import { sharedOnly, twoTiers } from './cache-kinds.ts';
import { forbidUnhandledRejections } from './unhandled-rejections.ts';

forbidUnhandledRejections();

describe.each([twoTiers, sharedOnly])('F17 F40 entries that cannot be read, over $name', (kind) => {
  it('are misses, counted, and replaced', async () => {
    const { cache, memory } = kind.open();
    await cache.set('a', 'old');
    memory!.corrupt(':a');
    const fresh = new CacheManager({ store: memory!.attach(), l1: kind.l1, clock: memory!.clock });
    expect(await fresh.get('a')).toBeNull();
    expect(await fresh.has('a')).toBe(false);
    expect(await fresh.getEntry('a')).toBeNull();
    expect(await fresh.getMany(['a'])).toEqual([null]);
    expect(fresh.stats().unreadable).toBe(4);
    expect(await fresh.get('a', () => 'new')).toBe('new');
    expect(memory!.entry(':a')?.value).toBe('new');
    expect(await fresh.get('a')).toBe('new');
  });

  it('are replaced by a batch, by a set, and removed by a delete', async () => {
    const { cache, memory } = kind.open();
    for (const key of ['a', 'b', 'c']) memory!.corrupt(`:${key}`);
    expect(await cache.getMany(['a'], () => ['loaded'])).toEqual(['loaded']);
    await cache.set('b', 'set');
    await cache.delete('c');
    expect(['a', 'b', 'c'].map((key) => memory!.entry(`:${key}`)?.value)).toEqual([
      'loaded',
      'set',
      undefined,
    ]);
  });

  it('a newer entry that this process can read is not thrown away for one that it could not', async () => {
    const { cache, memory, store } = kind.open();
    const other = new CacheManager({ store: memory!.attach(), clock: memory!.clock });
    memory!.corrupt(':a');
    store!.after = async (operation) => {
      store!.after = () => undefined;
      if (operation === 'read') await other.set('a', 'newer');
    };
    let loads = 0;
    expect(await cache.get('a', () => ++loads)).toBe('newer');
    expect(loads).toBe(0);
  });

  it('never answers undefined', async () => {
    const { cache, memory } = kind.open();
    memory!.corrupt(':a');
    expect(await cache.get('a', () => undefined)).toBeNull();
    expect(await cache.get('a')).toBeNull();
  });

  it('an entry whose stamp is lost is a miss, and replaced (F16)', async () => {
    const { cache, memory } = kind.open();
    await cache.set('a', 1, { tags: ['t'] });
    for (const name of ['', 't:t']) {
      memory!.stamps.delete(name);
      const other = new CacheManager({ store: memory!.attach(), l1: kind.l1, clock: memory!.clock });
      expect(await other.get('a')).toBeNull();
      expect(await other.get('a', () => 2, { tags: ['t'] })).toBe(2);
      expect(await other.get('a')).toBe(2);
    }
  });

  it('a store that answers nonsense is one that failed', async () => {
    const { cache, store } = kind.open();
    for (const answer of [undefined, null, {}, { entries: [] }, { entries: [null], stamps: 5 }]) {
      store!.read = async () => answer as never;
      expect(await cache.get(`k ${String(answer)} ${Math.random()}`, () => 1)).toBe(1);
    }
    store!.write = async () => [] as never;
    await expect(cache.set('a', 1)).rejects.toMatchObject({ code: expect.stringMatching(/STORE/) });
    store!.write = async () => undefined as never;
    await expect(cache.set('a', 1)).rejects.toMatchObject({ code: expect.stringMatching(/STORE/) });
  });
});

describe('F30 four processes', () => {
  it('make one load among them while its lease lives', async () => {
    const { memory, clock } = twoTiers.open();
    const processes = Array.from({ length: 4 }, () => new CacheManager({ store: memory!.attach(), clock }));
    let loads = 0;
    const loader = async () => {
      loads += 1;
      await new Promise<void>((resolve) => clock.schedule(resolve, 3000));
      return 'loaded';
    };
    const reads = processes.flatMap((cache) => Array.from({ length: 250 }, () => cache.get('a', loader)));
    await clock.advance(4000);
    expect(new Set(await Promise.all(reads))).toEqual(new Set(['loaded']));
    expect(loads).toBe(1);
  });

  it('the losers load without storing after leaseWait', async () => {
    const { memory, clock } = twoTiers.open();
    const processes = Array.from(
      { length: 4 },
      () => new CacheManager({ store: memory!.attach(), clock, leaseWait: 1 }),
    );
    let loads = 0;
    const loader = async () => {
      const own = ++loads;
      await new Promise<void>((resolve) => clock.schedule(resolve, 3000));
      return own;
    };
    const reads = processes.map((cache) => cache.get('a', loader));
    await clock.advance(5000);
    expect((await Promise.all(reads)).sort()).toEqual([1, 2, 3, 4]);
    expect(memory!.log.filter((operation) => operation === 'fill')).toHaveLength(1);
    expect(memory!.entry(':a')?.value).toBe(1);
  });

  it('a dead holder is waited for no longer than its lease', async () => {
    const { memory, clock } = twoTiers.open();
    await memory!.attach().lease([{ key: ':a' }], { stamps: [''], leaseMs: 2000 });
    const cache = new CacheManager({ store: memory!.attach(), clock });
    let at = 0;
    const began = clock.now();
    const read = cache.get('a', () => {
      at = clock.now() - began;
      return 1;
    });
    await clock.advance(5000);
    expect(await read).toBe(1);
    expect(at).toBeGreaterThanOrEqual(2000);
    expect(at).toBeLessThanOrEqual(2050);
    expect(memory!.entry(':a')?.value).toBe(1);
  });
});
