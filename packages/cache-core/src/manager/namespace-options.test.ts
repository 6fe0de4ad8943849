import { describe, expect, it } from 'vitest';
import { DEFAULT_CALL_OPTIONS } from '../engine/call-options.ts';
import { resolveNamespaceOptions } from './namespace-options.ts';

const base = { ...DEFAULT_CALL_OPTIONS, ttlMs: 1000, graceMs: 500, tags: ['t:a'] };

describe('resolveNamespaceOptions', () => {
  it('without options is as the cache around it', () => {
    expect(resolveNamespaceOptions(undefined, base, 't:')).toEqual({
      options: base,
      usesL1: true,
      bounds: null,
    });
  });

  it('lays its own over them, and adds tags', () => {
    const { options } = resolveNamespaceOptions({ ttl: 5, tags: ['b', 'a'] }, base, 't:');
    expect([options.ttlMs, options.graceMs, options.tags]).toEqual([5000, 500, ['t:a', 't:b']]);
  });

  it('bounds may be a count, bytes, or both', () => {
    expect(resolveNamespaceOptions({ l1: { maxEntries: 5 } }, base, 't:').bounds).toEqual({
      maxEntries: 5,
      maxBytes: Infinity,
    });
    expect(resolveNamespaceOptions({ l1: { maxBytes: '1kb' } }, base, 't:').bounds).toEqual({
      maxEntries: Infinity,
      maxBytes: 1024,
    });
    expect(resolveNamespaceOptions({ l1: false }, base, 't:')).toMatchObject({ usesL1: false, bounds: null });
  });
});
