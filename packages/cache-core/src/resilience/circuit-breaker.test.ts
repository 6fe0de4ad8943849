import { describe, expect, it } from 'vitest';
import { ManualClock } from '../clock/manual-clock.ts';
import { CircuitBreaker, type CircuitBreakerOptions } from './circuit-breaker.ts';

function makeBreaker(options?: CircuitBreakerOptions) {
  const clock = new ManualClock();
  clock.setRandom(() => 0);
  const changes: string[] = [];
  const breaker = new CircuitBreaker({
    clock,
    options,
    onChange: (state, cause) => changes.push(`${state}: ${cause}`),
  });
  return { clock, breaker, changes };
}

function fail(breaker: CircuitBreaker, times: number): void {
  for (let time = 0; time < times; time++) breaker.failed('error');
}

describe('CircuitBreaker', () => {
  it('lets calls through while closed', () => {
    const { breaker, changes } = makeBreaker();
    for (let call = 0; call < 100; call++) {
      expect(breaker.allows()).toBe(true);
      breaker.succeeded();
    }
    expect(breaker.state).toBe('closed');
    expect(changes).toEqual([]);
  });

  it('opens at once on silence', () => {
    const { breaker, changes } = makeBreaker();
    breaker.failed('silence');
    expect(breaker.allows()).toBe(false);
    expect(changes).toEqual(['open: silence']);
  });

  it('opens on five errors one after another', () => {
    const { breaker, changes } = makeBreaker();
    fail(breaker, 4);
    breaker.succeeded();
    fail(breaker, 4);
    expect(breaker.state).toBe('closed');
    fail(breaker, 1);
    expect(breaker.state).toBe('open');
    expect(changes).toEqual(['open: errors']);
  });

  it('opens when more than half of at least 20 calls failed', () => {
    const { breaker, changes } = makeBreaker();
    for (let pair = 0; pair < 50; pair++) {
      breaker.succeeded();
      breaker.failed('error');
    }
    expect(breaker.state).toBe('closed');
    breaker.failed('error');
    expect(changes).toEqual(['open: failure-rate']);
  });

  it('does not judge by fewer than 20 calls', () => {
    const { breaker } = makeBreaker();
    for (let group = 0; group < 6; group++) {
      fail(breaker, 2);
      breaker.succeeded();
    }
    expect(breaker.state).toBe('closed');
    fail(breaker, 2);
    expect(breaker.state).toBe('open');
  });

  it('forgets outcomes after 10 s', () => {
    const { breaker, clock } = makeBreaker();
    for (let group = 0; group < 6; group++) {
      fail(breaker, 2);
      breaker.succeeded();
    }
    expect(breaker.snapshot()).toMatchObject({ calls: 18, failures: 12 });
    clock.advanceSync(10_000);
    expect(breaker.snapshot()).toMatchObject({ calls: 0, failures: 0 });
    fail(breaker, 2);
    expect(breaker.snapshot()).toMatchObject({ calls: 2, failures: 2 });
    expect(breaker.state).toBe('closed');
  });

  it('counts a sliding window as a list of the last nine to ten seconds would', () => {
    const { breaker, clock } = makeBreaker({ consecutiveErrors: Infinity, minCalls: Infinity });
    const calls: number[] = [];
    for (let call = 0; call < 500; call++) {
      clock.advanceSync(clock.random() + (call % 7) * 60);
      breaker.succeeded();
      calls.push(clock.now());
      const within = (ms: number): number => calls.filter((at) => at > clock.now() - ms).length;
      const counted = breaker.snapshot().calls;
      expect(counted).toBeGreaterThanOrEqual(within(9000));
      expect(counted).toBeLessThanOrEqual(within(10_001));
    }
  });

  it('lets exactly one probe through when the back-off is over, and closes when that succeeds', () => {
    const { breaker, clock, changes } = makeBreaker();
    breaker.failed('silence');
    clock.advanceSync(499);
    expect(breaker.allows()).toBe(false);
    clock.advanceSync(1);
    expect(breaker.state).toBe('open');
    expect([breaker.allows(), breaker.allows(), breaker.allows()]).toEqual([true, false, false]);
    expect(breaker.state).toBe('half-open');
    breaker.succeeded();
    expect(breaker.allows()).toBe(true);
    expect(changes).toEqual(['open: silence', 'half-open: probe', 'closed: probe-succeeded']);
  });

  it.each(['error', 'silence'] as const)('opens again when the probe ends in %s', (kind) => {
    const { breaker, clock, changes } = makeBreaker();
    breaker.failed('silence');
    clock.advanceSync(500);
    breaker.allows();
    breaker.failed(kind);
    expect(breaker.allows()).toBe(false);
    expect(changes.at(-1)).toBe('open: probe-failed');
  });

  it('backs off for longer each time, within 0.5 and 1.5 s, and starts anew once closed', () => {
    for (const random of [0, 0.5, 0.999]) {
      const { breaker, clock } = makeBreaker();
      clock.setRandom(() => random);
      const backoffs: number[] = [];
      breaker.failed('silence');
      for (let probe = 0; probe < 6; probe++) {
        const { retryInMs } = breaker.snapshot();
        backoffs.push(retryInMs);
        clock.advanceSync(retryInMs);
        expect(breaker.allows()).toBe(true);
        breaker.failed('error');
      }
      expect(backoffs[0]).toBeGreaterThanOrEqual(500);
      expect(backoffs[0]).toBeLessThanOrEqual(600);
      expect(backoffs[1]).toBeGreaterThanOrEqual(1000);
      for (const backoff of backoffs.slice(2)) {
        expect(backoff).toBeGreaterThanOrEqual(1250);
        expect(backoff).toBeLessThanOrEqual(1500);
      }
      breaker.ready();
      breaker.allows();
      breaker.succeeded();
      breaker.failed('silence');
      expect(breaker.snapshot().retryInMs).toBe(backoffs[0]);
    }
  });

  it('is not blocked for ever by a probe that never reports', () => {
    const { breaker, clock, changes } = makeBreaker();
    breaker.failed('silence');
    clock.advanceSync(500);
    expect(breaker.allows()).toBe(true);
    clock.advanceSync(999);
    expect(breaker.allows()).toBe(false);
    clock.advanceSync(1);
    expect([breaker.allows(), breaker.allows()]).toEqual([true, false]);
    expect(changes).toEqual(['open: silence', 'half-open: probe']);
  });

  it('probes at once when the client is ready, also in place of a lost probe', () => {
    const { breaker } = makeBreaker();
    breaker.ready();
    expect(breaker.state).toBe('closed');
    breaker.failed('silence');
    breaker.ready();
    expect(breaker.state).toBe('open');
    expect([breaker.allows(), breaker.allows()]).toEqual([true, false]);
    breaker.ready();
    expect([breaker.allows(), breaker.allows()]).toEqual([true, false]);
  });

  it('ignores outcomes of earlier calls while open', () => {
    const { breaker, changes } = makeBreaker();
    breaker.failed('silence');
    breaker.succeeded();
    fail(breaker, 10);
    breaker.failed('silence');
    expect(changes).toEqual(['open: silence']);
  });

  it('starts with a clean record once closed', () => {
    const { breaker, clock } = makeBreaker();
    fail(breaker, 5);
    clock.advanceSync(500);
    breaker.allows();
    breaker.succeeded();
    expect(breaker.snapshot()).toMatchObject({ consecutiveErrors: 0, calls: 0, failures: 0 });
    fail(breaker, 4);
    expect(breaker.state).toBe('closed');
  });

  it('can be reset', () => {
    const { breaker, changes } = makeBreaker();
    fail(breaker, 4);
    breaker.reset();
    fail(breaker, 4);
    expect(breaker.state).toBe('closed');
    fail(breaker, 1);
    breaker.reset();
    expect(breaker.allows()).toBe(true);
    expect(changes).toEqual(['open: errors', 'closed: reset']);
  });

  it('tells its health', () => {
    const { breaker, clock } = makeBreaker();
    expect(breaker.snapshot()).toEqual({
      state: 'closed',
      cause: null,
      forMs: 0,
      retryInMs: 0,
      consecutiveErrors: 0,
      calls: 0,
      failures: 0,
      opened: 0,
    });
    breaker.failed('silence');
    clock.advanceSync(100);
    expect(breaker.snapshot()).toEqual({
      state: 'open',
      cause: 'silence',
      forMs: 100,
      retryInMs: 400,
      consecutiveErrors: 1,
      calls: 1,
      failures: 1,
      opened: 1,
    });
  });

  it('sets no timer', () => {
    const { breaker, clock } = makeBreaker();
    breaker.failed('silence');
    breaker.ready();
    breaker.allows();
    expect(clock.pendingTimers).toBe(0);
  });

  it.each<[CircuitBreakerOptions, string]>([
    [{ consecutiveErrors: 0 }, 'consecutiveErrors'],
    [{ failureShare: 50 }, 'failureShare'],
    [{ minCalls: 1.5 }, 'minCalls'],
    [{ window: -1 }, 'window'],
    [{ minBackoff: '5' }, 'minBackoff'],
    [{ maxBackof: 1 } as CircuitBreakerOptions, 'maxBackoff'],
  ])('refuses %o', (options, name) => {
    expect(() => makeBreaker(options)).toThrow(name);
  });
});
