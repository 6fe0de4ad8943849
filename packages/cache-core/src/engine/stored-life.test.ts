import { describe, expect, it } from 'vitest';
import { ManualClock } from '../clock/manual-clock.ts';
import { DEFAULT_CALL_OPTIONS } from './call-options.ts';
import { ttlOf } from './stored-life.ts';

describe('ttlOf', () => {
  const clock = new ManualClock();

  it.each([
    [0, 1000],
    [0.5, 950],
    [0.999_999, 901],
  ])('jitter of a tenth with the random number %d gives %d ms', (random, ms) => {
    clock.setRandom(() => random);
    expect(ttlOf({ ...DEFAULT_CALL_OPTIONS, ttlMs: 1000, jitter: 0.1 }, clock)).toBe(ms);
  });

  it('is never longer than the ttl, never 0, and Infinity stays', () => {
    clock.setRandom(() => 0.999_999_999);
    expect(ttlOf({ ...DEFAULT_CALL_OPTIONS, ttlMs: 1, jitter: 1 }, clock)).toBe(1);
    expect(ttlOf({ ...DEFAULT_CALL_OPTIONS, jitter: 1 }, clock)).toBe(Infinity);
    expect(ttlOf({ ...DEFAULT_CALL_OPTIONS, ttlMs: 0, jitter: 1 }, clock)).toBe(0);
  });
});
