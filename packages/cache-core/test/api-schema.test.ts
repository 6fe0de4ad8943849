import { CacheErrorCode, CacheManager, type StandardSchema } from '@larder/cache-core';
import { describe, expect, it } from 'vitest';
import { cacheKinds, memoryKind, twoTiers } from './cache-kinds.ts';

function schemaOf<Output>(parse: (value: unknown) => Output | undefined, later = false) {
  const seen = { checks: 0 };
  const validate = (value: unknown) => {
    seen.checks += 1;
    const parsed = parse(value);
    const result =
      parsed === undefined
        ? { issues: [{ message: `bad ${String(value)}`, path: ['user', 0] }] }
        : { value: parsed };
    return later ? Promise.resolve(result) : result;
  };
  const schema: StandardSchema<unknown, Output> = { '~standard': { version: 1, vendor: 'test', validate } };
  return { schema, seen };
}

const numbers = (later = false) =>
  schemaOf((value) => (typeof value === 'number' ? value : undefined), later);

describe.each(cacheKinds)('schemas over $name', (kind) => {
  it.each([false, true])('check what is loaded (asynchronously: %s)', async (later) => {
    const { cache } = kind.open();
    const { schema } = numbers(later);
    expect(await cache.get('a', () => 1, { schema })).toBe(1);
    const wrong = cache.get('b', () => 'secret value', { schema });
    await expect(wrong).rejects.toMatchObject({
      code: CacheErrorCode.VALIDATION_FAILED,
      details: { paths: ['user.0'] },
    });
    await expect(wrong).rejects.not.toThrow('secret');
    expect(await cache.get('b')).toBeNull();
    expect(cache.stats()).toMatchObject({ loadErrors: 1, invalidValues: 0 });
  });

  it('check what is set, alone or with others', async () => {
    const { cache } = kind.open();
    const { schema } = numbers();
    await cache.set('a', 1, { schema });
    await expect(cache.set('b', 'text', { schema })).rejects.toMatchObject({
      code: CacheErrorCode.VALIDATION_FAILED,
    });
    await expect(cache.setMany([{ key: 'c', value: 'text', schema }])).rejects.toMatchObject({
      code: CacheErrorCode.VALIDATION_FAILED,
    });
    expect(await cache.getMany(['a', 'b', 'c'])).toEqual([1, null, null]);
  });

  it('what is stored is their output', async () => {
    const { cache } = kind.open();
    const { schema } = schemaOf((value) =>
      typeof value === 'number' ? { n: value } : (value as { n: number }),
    );
    expect(await cache.get('a', () => 5, { schema })).toEqual({ n: 5 });
    expect(await cache.get('a')).toEqual({ n: 5 });
    expect(await cache.get('a', { schema })).toEqual({ n: 5 });
  });

  it('a cached value that does not match is a miss and is replaced', async () => {
    const { cache } = kind.open();
    const { schema } = numbers();
    await cache.set('a', 'text');
    expect(await cache.get('a', { schema })).toBeNull();
    expect(await cache.get('a', () => 2, { schema })).toBe(2);
    expect(await cache.get('a')).toBe(2);
    expect(cache.stats().invalidValues).toBeGreaterThan(0);
  });

  it('undefined from a loader is nothing, not a wrong value', async () => {
    const { cache } = kind.open();
    expect(await cache.get('a', () => undefined, { schema: numbers().schema })).toBeNull();
  });

  it('one that throws, or answers nonsense, is a value that does not match', async () => {
    const { cache } = kind.open();
    for (const validate of [
      () => {
        throw new Error('broken');
      },
      () => null,
      () => Promise.reject(new Error('broken')),
    ]) {
      const schema = { '~standard': { version: 1, vendor: 'test', validate } } as never;
      await expect(cache.get('a', () => 1, { schema })).rejects.toMatchObject({
        code: CacheErrorCode.VALIDATION_FAILED,
      });
    }
  });

  it('of a cache hold for what is set, too', async () => {
    const { cache } = kind.open({ schema: numbers().schema });
    await expect(cache.set('a', 'text')).rejects.toMatchObject({ code: CacheErrorCode.VALIDATION_FAILED });
    await cache.set('a', 1);
    expect(await cache.get('a')).toBe(1);
  });
});

describe('a value that has passed', () => {
  it.each([memoryKind, twoTiers])('is not checked again in memory: $name', async (kind) => {
    const { cache } = kind.open();
    const { schema, seen } = numbers();
    await cache.get('a', () => 1, { schema });
    for (let at = 0; at < 5; at++) expect(await cache.get('a', () => 1, { schema })).toBe(1);
    expect(seen.checks).toBe(1);
    const other = numbers();
    expect(await cache.get('a', { schema: other.schema })).toBe(1);
    expect(other.seen.checks).toBe(1);
  });

  it('is checked once by each process that reads it from the store', async () => {
    const { cache, memory, clock } = twoTiers.open();
    const { schema, seen } = numbers();
    await cache.get('a', () => 1, { schema });
    const other = new CacheManager({ store: memory!.attach(), clock });
    for (let at = 0; at < 5; at++) expect(await other.get('a', { schema })).toBe(1);
    expect(seen.checks).toBe(2);
  });
});
