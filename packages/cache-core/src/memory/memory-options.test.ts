import { describe, expect, it } from 'vitest';
import { systemClock } from '../clock/system-clock.ts';
import { CacheErrorCode } from '../errors/error-code.ts';
import { resolveMemoryOptions } from './memory-options.ts';
import { MemoryStore } from './memory-store.ts';

describe('MemoryStoreOptions', () => {
  it('bounds count and bytes by default', () => {
    expect(resolveMemoryOptions(undefined, 'MemoryStore')).toEqual({
      maxEntries: 100_000,
      maxBytes: 64 * 1024 ** 2,
      sizeOf: null,
      isolation: 'share',
      sweepIntervalMs: 30_000,
      maxTags: 100_000,
      clock: systemClock,
    });
  });

  it('takes the edges', () => {
    const edges = { maxEntries: Infinity, maxBytes: Infinity, sweepInterval: Infinity };
    const store = new MemoryStore(edges);
    store.setSync('k', 'v', 1);
    expect(store.peek('k')).toBe('v');
    expect(store.stats()).toMatchObject({ maxEntries: Infinity, maxBytes: Infinity, entries: 1 });
    expect(resolveMemoryOptions({ maxBytes: '1.5kb', sweepInterval: '10ms' }, 'l1')).toMatchObject({
      maxBytes: 1536,
      sweepIntervalMs: 10,
    });
  });

  it.each([
    ['maxEntries', 0],
    ['maxEntries', 1.5],
    ['maxEntries', Number.NaN],
    ['maxEntries', '10'],
    ['maxBytes', 0],
    ['maxBytes', -1],
    ['maxBytes', '64'],
    ['sizeOf', 5],
    ['isolation', 'copy'],
    ['isolation', null],
    ['sweepInterval', 0],
    ['sweepInterval', -1],
    ['sweepInterval', '5'],
    ['maxTags', 0],
    ['maxTags', Infinity],
    ['maxItems', 10],
  ])('refuses %s: %s, and says where', (option, value) => {
    expect(() => new MemoryStore({ [option]: value })).toThrow(
      expect.objectContaining({
        code: CacheErrorCode.INVALID_CONFIGURATION,
        message: expect.stringContaining(option),
      }),
    );
  });
});
