import { describe, expect, it } from 'vitest';
import { ManualClock } from '../clock/manual-clock.ts';
import type { SharedStore } from '../contracts/shared-store.ts';
import { CacheError } from '../errors/cache-error.ts';
import { CacheErrorCode } from '../errors/error-code.ts';
import { LatencyHistogram } from '../observe/latency-histogram.ts';
import { silentLogger } from '../observe/silent-logger.ts';
import { StoreCounters } from '../observe/statistics.ts';
import { CircuitBreaker } from '../resilience/circuit-breaker.ts';
import { Watchdog } from '../resilience/deadline.ts';
import { Budget, StoreCalls } from './store-calls.ts';

function open() {
  const clock = new ManualClock();
  const counters = new StoreCounters();
  const breaker = new CircuitBreaker({ clock });
  const calls = new StoreCalls({
    store: {} as SharedStore,
    clock,
    watchdog: new Watchdog(clock),
    breaker,
    counters,
    logger: silentLogger,
  });
  const latency = new LatencyHistogram();
  const call = <T>(work: () => Promise<T>, budget = new Budget(250)) =>
    calls.call('read', budget, latency, work);
  const after =
    <T>(ms: number, value: T) =>
    () =>
      new Promise<T>((resolve) => clock.schedule(() => resolve(value), ms));
  return { clock, counters, breaker, calls, latency, call, after };
}

describe('StoreCalls', () => {
  it('answers, times and counts down the budget', async () => {
    const { clock, call, after, calls, latency } = open();
    const budget = new Budget(250);
    const answer = call(after(100, 'x'), budget);
    await clock.advance(100);
    expect(await answer).toBe('x');
    expect([budget.leftMs, calls.lastLatencyMs, latency.snapshot().maxMs]).toEqual([150, 100, 100]);
  });

  it('two calls share one budget', async () => {
    const { clock, call, after } = open();
    const budget = new Budget(250);
    const first = call(after(200, 1), budget);
    await clock.advance(200);
    await first;
    const second = call(after(100, 2), budget).catch((error: CacheError) => error);
    await clock.advance(50);
    expect(await second).toMatchObject({
      code: CacheErrorCode.OPERATION_TIMEOUT,
      details: { applied: 'unknown', limitMs: 250 },
    });
  });

  it('a deadline missed in silence opens the breaker; later calls are not made', async () => {
    const { clock, call, breaker, counters } = open();
    const late = call(() => new Promise(() => undefined)).catch((error: CacheError) => error);
    await clock.advance(250);
    expect(await late).toMatchObject({ code: CacheErrorCode.OPERATION_TIMEOUT });
    expect(breaker.state).toBe('open');
    let called = false;
    const skipped = call(async () => {
      called = true;
    });
    await expect(skipped).rejects.toMatchObject({
      code: CacheErrorCode.STORE_UNAVAILABLE,
      details: { applied: 'no' },
    });
    expect([called, counters.skips, counters.timeouts]).toEqual([false, 1, 1]);
  });

  it('a deadline missed while others are answered is an error among others', async () => {
    const { clock, call, after, breaker } = open();
    const late = call(() => new Promise(() => undefined)).catch(() => undefined);
    await clock.advance(100);
    const other = call(after(10, 1));
    await clock.advance(150);
    await Promise.all([late, other]);
    expect(breaker.state).toBe('closed');
  });

  it.each([
    ['rejects', () => Promise.reject(new Error('refused'))],
    [
      'throws',
      () => {
        throw new Error('refused');
      },
    ],
  ])('a store that %s has failed; its error is the cause', async (_name, work) => {
    const { call, counters } = open();
    await expect(call(work as () => Promise<never>)).rejects.toMatchObject({
      code: CacheErrorCode.STORE_FAILED,
      retryable: true,
      details: { applied: 'unknown' },
      cause: { message: 'refused' },
    });
    expect(counters.errors).toBe(1);
  });

  it('what the store refuses for the value is no fault of the store', async () => {
    const { call, counters, breaker } = open();
    for (let at = 0; at < 10; at++) {
      const refused = call(() => Promise.reject(new CacheError('too large', CacheErrorCode.VALUE_TOO_LARGE)));
      await expect(refused).rejects.toMatchObject({ code: CacheErrorCode.VALUE_TOO_LARGE });
    }
    expect([counters.errors, breaker.state]).toEqual([0, 'closed']);
  });

  it('is idle when no call is under way', async () => {
    const { clock, call, after, calls } = open();
    await calls.idle();
    const running = [call(after(10, 1)), call(after(20, 1))];
    let idle = false;
    void calls.idle().then(() => {
      idle = true;
    });
    await clock.advance(10);
    expect([calls.running, idle]).toEqual([1, false]);
    await clock.advance(10);
    await Promise.all(running);
    await Promise.resolve();
    expect([calls.running, idle]).toEqual([0, true]);
  });
});
