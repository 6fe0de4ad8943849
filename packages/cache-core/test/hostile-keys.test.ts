import { CacheErrorCode, CacheManager, ManualClock } from '@larder/cache-core';
import { escapeName } from '@larder/cache-core/store';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cacheKinds, twoTiers } from './cache-kinds.ts';
import { badKeys, goodKeys } from './hostile-input.ts';

describe.each(cacheKinds)('hostile keys over $name', (kind) => {
  it('each keeps its own value, and nothing is lost', async () => {
    const { cache } = kind.open();
    for (const [at, key] of goodKeys.entries()) await cache.set(key, at);
    expect(await cache.getMany(goodKeys)).toEqual([...goodKeys.keys()]);
    for (const [at, key] of goodKeys.entries()) expect(await cache.get(key, () => 'lost')).toBe(at);
    await cache.delete(goodKeys[7]!);
    expect((await cache.getMany(goodKeys)).filter((value) => value === null)).toHaveLength(1);
    await cache.clear();
    expect((await cache.getMany(goodKeys)).every((value) => value === null)).toBe(true);
  });

  it('each is a namespace of its own, and a tag of its own', async () => {
    const { cache } = kind.open();
    const names = goodKeys.filter((name) => name.length < 1000);
    for (const [at, name] of names.entries()) {
      await cache.namespace(name).set('k', at, { tags: [name] });
      await cache.namespace('in').namespace(name).set('k', -at);
    }
    for (const [at, name] of names.entries()) {
      expect(await cache.namespace(name).get('k')).toBe(at);
      expect(await cache.namespace('in').namespace(name).get('k')).toBe(-at);
    }
    for (const [at, name] of names.entries()) {
      await cache.invalidateTag(name);
      if (name === 'in') continue;
      const next = names[at + 1];
      expect(await cache.namespace(name).get('k')).toBeNull();
      if (next !== undefined) expect(await cache.namespace(next).get('k')).toBe(at + 1);
    }
  }, 30_000);

  it.each(badKeys)('%s is refused by every method, before any I/O', async (_name, key) => {
    const { cache, memory, plain } = kind.open();
    const bad = key as string;
    const calls = [
      cache.get(bad),
      cache.get(bad, () => 1),
      cache.getEntry(bad),
      cache.has(bad),
      cache.set(bad, 1),
      cache.delete(bad),
      cache.getMany(['a', bad]),
      cache.setMany([
        { key: 'a', value: 1 },
        { key: bad, value: 1 },
      ]),
      cache.deleteMany(['a', bad]),
      cache.expire(bad),
      cache.expire(bad, 5),
      cache.touch(bad),
      cache.increment(bad),
      cache.decrement(bad),
    ];
    for (const outcome of await Promise.allSettled(calls)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: CacheErrorCode.INVALID_KEY } });
    }
    expect(() => cache.peek(bad)).toThrow(expect.objectContaining({ code: CacheErrorCode.INVALID_KEY }));
    expect(memory?.log ?? plain?.log ?? []).toEqual([]);
  });
});

describe('places and keys', () => {
  const name = fc.oneof(
    fc.constantFrom(...goodKeys.filter((key) => key.length < 300)),
    fc.string({ minLength: 1, unit: fc.constantFrom('a', 'b', ':', '/', '\\', '@', '\\:', '//') }),
  );
  const placed = fc.tuple(fc.array(name, { maxLength: 3 }), name);

  it('no two pairs of them have one address in the store', async () => {
    const clock = new ManualClock();
    await fc.assert(
      fc.asyncProperty(placed, placed, async ([path, key], [otherPath, otherKey]) => {
        const same = JSON.stringify([path, key]) === JSON.stringify([otherPath, otherKey]);
        const { cache, memory } = twoTiers.open({ clock });
        const at = (names: readonly string[]): CacheManager | ReturnType<CacheManager['namespace']> =>
          names.reduce<ReturnType<CacheManager['namespace']>>((view, one) => view.namespace(one), cache);
        await at(path).set(key, 'one');
        await at(otherPath).set(otherKey, 'other');
        expect(memory!.entries.size).toBe(same ? 1 : 2);
        expect(await at(path).get(key)).toBe(same ? 'other' : 'one');
        // What the store announces finds its way back to the same place.
        const second = new CacheManager({ store: memory!.attach(), clock });
        const there = path.reduce<ReturnType<CacheManager['namespace']>>(
          (view, one) => view.namespace(one),
          second,
        );
        await there.delete(key);
        expect(at(path).peek(key)).toBeUndefined();
        if (!same) expect(at(otherPath).peek(otherKey)).toBe('other');
      }),
      { numRuns: 500 },
    );
  }, 60_000);

  it('a cleared namespace takes what is in it, and nothing whose name only begins like it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(name, { minLength: 1, maxLength: 2 }),
        fc.array(name, { maxLength: 3 }),
        async (path, otherPath) => {
          const inside = JSON.stringify(otherPath.slice(0, path.length)) === JSON.stringify(path);
          const { cache, memory, clock } = twoTiers.open();
          const other = new CacheManager({ store: memory!.attach(), clock });
          const at = (view: CacheManager, names: readonly string[]) =>
            names.reduce<ReturnType<CacheManager['namespace']>>((one, next) => one.namespace(next), view);
          await at(cache, otherPath).set('k', 1);
          expect(await at(other, otherPath).get('k')).toBe(1);
          await at(cache, path).clear();
          const expected = inside ? null : 1;
          expect([await at(cache, otherPath).get('k'), await at(other, otherPath).get('k')]).toEqual([
            expected,
            expected,
          ]);
        },
      ),
      { numRuns: 300 },
    );
  }, 60_000);

  it('escaping is injective, and leaves no separator bare', () => {
    fc.assert(
      fc.property(name, name, (one, other) => {
        expect(escapeName(one) === escapeName(other)).toBe(one === other);
        expect(escapeName(one).replace(/\\./gs, '')).not.toMatch(/[\\/:@]/);
      }),
    );
  });
});
