import { CacheError, CacheErrorCode, ManualClock } from '@larder/cache-core';
import { expect, it } from 'vitest';
import { Backoff } from './backoff.ts';

function failure(reply?: string): CacheError {
  return new CacheError('x', CacheErrorCode.STORE_UNAVAILABLE, { details: { applied: 'no', reply } });
}

function backoff(random: number): { readonly backoff: Backoff; readonly clock: ManualClock } {
  const clock = new ManualClock();
  clock.setRandom(() => random);
  return { clock, backoff: new Backoff(clock) };
}

it('doubles from 25 ms to 1 s, and jitter takes up to half of it', () => {
  const longest = backoff(0).backoff;
  const shortest = backoff(0.999_999).backoff;
  for (const pauseMs of [25, 50, 100, 200, 400, 800, 1000, 1000]) {
    expect(longest.afterFailure(failure())).toBe(pauseMs);
    expect(shortest.afterFailure(failure())).toBeCloseTo(pauseMs / 2, 2);
  }
});

it('begins anew after a connection that lasted, and only then', () => {
  const { backoff: pauses, clock } = backoff(0);
  for (let i = 0; i < 5; i++) pauses.afterFailure(failure());
  pauses.connected();
  clock.advanceSync(999);
  expect(pauses.afterLoss()).toBe(800);
  expect(pauses.isFlapping).toBe(true);
  pauses.connected();
  clock.advanceSync(1000);
  expect(pauses.afterLoss()).toBe(25);
  expect(pauses.isFlapping).toBe(false);
});

it('a refused password is not tried 40 times a second', () => {
  const { backoff: pauses } = backoff(0);
  expect(pauses.afterFailure(failure('WRONGPASS'))).toBe(1000);
  expect(pauses.afterFailure(failure('NOAUTH'))).toBe(1000);
});
