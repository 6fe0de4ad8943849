import { describe, expect, it } from 'vitest';
import { type Found, isStale, toCacheEntry } from './found.ts';

const found: Found = {
  value: 1,
  source: 'l2',
  freshMs: -50,
  keptMs: 100,
  ttlMs: 1000,
  graceMs: 150,
  loadMs: 3,
  tags: ['t:a', 't:b'],
};

describe('Found', () => {
  it('is stale when its time is over', () => {
    expect([isStale(found), isStale({ ...found, freshMs: 0 }), isStale({ ...found, freshMs: 1 })]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('shows callers no negative times and their own tags', () => {
    expect(toCacheEntry(found, 't:')).toEqual({
      value: 1,
      stale: true,
      source: 'l2',
      freshMs: 0,
      keptMs: 100,
      tags: ['a', 'b'],
    });
  });

  it('is never stale when it has just been loaded', () => {
    expect(toCacheEntry({ ...found, source: 'loader', freshMs: 0 }, 't:').stale).toBe(false);
  });
});
