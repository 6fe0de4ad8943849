import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { ManualClock } from './manual-clock.ts';

describe('ManualClock', () => {
  it('stands still until it is moved', async () => {
    const clock = new ManualClock({ startMs: 500 });
    expect([clock.now(), clock.coarseNow()]).toEqual([500, 500]);
    const wallMs = clock.wallNow();
    await clock.advance(1.5);
    clock.advanceSync(0.5);
    expect([clock.now(), clock.coarseNow(), clock.wallNow() - wallMs]).toEqual([502, 502, 2]);
    expect(new ManualClock().now()).toBeGreaterThan(0);
  });

  it('steps the wall clock alone', () => {
    const clock = new ManualClock();
    const [now, wall] = [clock.now(), clock.wallNow()];
    const callback = vi.fn();
    clock.schedule(callback, 1);
    clock.stepWall(-3_600_000);
    expect([clock.now(), clock.wallNow()]).toEqual([now, wall - 3_600_000]);
    expect(callback).not.toHaveBeenCalled();
  });

  it('fires timers in order of time, then of creation, each at its own instant', async () => {
    const clock = new ManualClock({ startMs: 1 });
    const fired: string[] = [];
    const set = (name: string, delayMs: number) =>
      clock.schedule(() => fired.push(`${name} at ${clock.now() - 1}`), delayMs);
    set('c', 20);
    set('a', 10);
    set('d', 20);
    set('b', 10);
    set('late', 31);
    set('never', Infinity);
    expect(clock.pendingTimers).toBe(5);
    await clock.advance(30);
    expect(fired).toEqual(['a at 10', 'b at 10', 'c at 20', 'd at 20']);
    expect(clock.now()).toBe(31);
    expect(clock.pendingTimers).toBe(1);
  });

  it('agrees with a sorted list, whatever is set and cancelled', () => {
    const timer = fc.record({ delayMs: fc.integer({ min: -2, max: 20 }), cancelled: fc.boolean() });
    fc.assert(
      fc.property(fc.array(timer, { maxLength: 40 }), (timers) => {
        const clock = new ManualClock();
        const fired: number[] = [];
        const scheduled = timers.map(({ delayMs }, index) =>
          clock.schedule(() => fired.push(index), delayMs),
        );
        for (const [index, { cancelled }] of timers.entries()) if (cancelled) scheduled[index]?.cancel();
        const expected = timers
          .map(({ delayMs, cancelled }, index) => ({ delayMs: Math.max(0, delayMs), cancelled, index }))
          .filter(({ cancelled }) => !cancelled)
          .sort((a, b) => a.delayMs - b.delayMs || a.index - b.index);
        expect(clock.pendingTimers).toBe(expected.length);
        clock.advanceSync(20);
        expect(fired).toEqual(expected.map(({ index }) => index));
        for (const each of scheduled) each.cancel();
        expect(clock.pendingTimers).toBe(0);
      }),
    );
  });

  it('lets promise chains run between timers, and fires what they set', async () => {
    const clock = new ManualClock({ startMs: 1 });
    const seen: number[] = [];
    const pause = (ms: number): Promise<void> => new Promise((resolve) => void clock.schedule(resolve, ms));
    const work = async (): Promise<void> => {
      for (let round = 0; round < 5; round++) {
        await pause(10);
        for (let hop = 0; hop < 50; hop++) await Promise.resolve();
        await new Promise((resolve) => void setImmediate(resolve));
        seen.push(clock.now() - 1);
      }
    };
    const done = work();
    await clock.advance(50);
    expect(seen).toEqual([10, 20, 30, 40, 50]);
    await done;
  });

  it('lets what is due, and what hangs on it, run before it answers', async () => {
    const clock = new ManualClock();
    let steps = 0;
    void Promise.resolve().then(async () => {
      steps++;
      await new Promise<void>((resolve) => void clock.schedule(resolve, 0));
      steps++;
    });
    await clock.advance(0);
    expect(steps).toBe(2);
  });

  it('runs no promise reaction in advanceSync', async () => {
    const clock = new ManualClock();
    const reaction = vi.fn();
    const done = new Promise<void>((resolve) => void clock.schedule(resolve, 5)).then(reaction);
    clock.advanceSync(10);
    expect(reaction).not.toHaveBeenCalled();
    await done;
  });

  it('works beside fake timers of a test framework', async () => {
    vi.useFakeTimers();
    try {
      const clock = new ManualClock();
      const callback = vi.fn();
      clock.schedule(callback, 5);
      await clock.advance(5);
      expect(callback).toHaveBeenCalledOnce();
    } finally {
      vi.useRealTimers();
    }
  });

  it('moves by the sum of overlapping calls', async () => {
    const clock = new ManualClock({ startMs: 1 });
    const at: number[] = [];
    clock.schedule(() => at.push(clock.now()), 15);
    await Promise.all([clock.advance(10), clock.advance(10)]);
    expect([at, clock.now()]).toEqual([[16], 21]);
  });

  it('does not run backwards where a call-back moves it on', () => {
    const clock = new ManualClock({ startMs: 1 });
    clock.schedule(() => clock.advanceSync(100), 5);
    clock.advanceSync(10);
    expect(clock.now()).toBe(106);
  });

  it('rejects with what a call-back throws, and goes on afterwards', async () => {
    const clock = new ManualClock();
    const error = new Error('in a timer');
    clock.schedule(() => {
      throw error;
    }, 5);
    await expect(clock.advance(10)).rejects.toBe(error);
    await clock.advance(10);
    expect(clock.pendingTimers).toBe(0);
  });

  it('ends a timer that sets itself again without a delay', () => {
    const clock = new ManualClock();
    const again = (): void => void clock.schedule(again, 0);
    again();
    expect(() => clock.advanceSync(1)).toThrow('Give the timer that sets itself again a delay');
  });

  it('gives the same random numbers for the same seed, from 0 to below 1', () => {
    const draw = (seed: number): number[] => {
      const clock = new ManualClock({ seed });
      return Array.from({ length: 1000 }, () => clock.random());
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
    expect(draw(7).every((number) => number >= 0 && number < 1)).toBe(true);
    expect(new Set(draw(7)).size).toBeGreaterThan(990);
    const clock = new ManualClock();
    clock.setRandom(() => 0.25);
    expect(clock.random()).toBe(0.25);
  });

  it.each([-1, Number.NaN, Infinity])('refuses to advance by %s', async (ms) => {
    const clock = new ManualClock();
    expect(() => clock.advanceSync(ms)).toThrow('ms must be a number of milliseconds from 0 up');
    await expect(clock.advance(ms)).rejects.toThrow('ms must be a number of milliseconds from 0 up');
  });

  it.each([0, -1, Number.NaN, Infinity])('refuses to start at %s', (startMs) => {
    expect(() => new ManualClock({ startMs })).toThrow('startMs must be');
  });
});
