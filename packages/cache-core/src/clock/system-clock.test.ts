import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SystemClock } from './system-clock.ts';

describe('SystemClock', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is above 0 at once, and monotonic whatever the wall clock does', () => {
    const clock = new SystemClock();
    const before = clock.now();
    expect(before).toBeGreaterThan(0);
    vi.setSystemTime(0);
    expect(clock.wallNow()).toBe(0);
    expect(clock.now()).toBeGreaterThanOrEqual(before);
    vi.advanceTimersByTime(10);
    expect(clock.now()).toBe(before + 10);
  });

  describe('coarseNow', () => {
    it('sets no timer before the first read, and one after it', () => {
      const clock = new SystemClock();
      expect(vi.getTimerCount()).toBe(0);
      for (let read = 0; read < 1000; read++) clock.coarseNow();
      expect(vi.getTimerCount()).toBe(1);
      vi.advanceTimersByTime(5);
      expect(vi.getTimerCount()).toBe(0);
    });

    it('lags by 5 ms at most', () => {
      const clock = new SystemClock();
      clock.coarseNow();
      for (let ms = 0; ms < 100; ms++) {
        vi.advanceTimersByTime(1);
        expect(clock.now() - clock.coarseNow()).toBeLessThanOrEqual(5);
      }
    });

    it('goes on in a loop that lets no timer run', () => {
      const clock = new SystemClock();
      const start = clock.coarseNow();
      const now = vi.spyOn(performance, 'now').mockReturnValue(start + 50);
      for (let read = 0; read < 128; read++) expect(clock.coarseNow()).toBe(start);
      expect(clock.coarseNow()).toBe(start + 51);
      now.mockRestore();
    });

    it('gets over a timer that never came', () => {
      const clock = new SystemClock();
      clock.coarseNow();
      vi.useRealTimers();
      vi.useFakeTimers();
      const start = clock.now();
      for (let read = 0; read < 300; read++) {
        vi.advanceTimersByTime(1);
        clock.coarseNow();
      }
      expect(clock.now() - start).toBe(300);
      vi.advanceTimersByTime(5);
      expect(clock.coarseNow()).toBe(clock.now());
    });
  });

  describe('schedule', () => {
    it.each([
      [250, 250],
      [0.2, 1],
      [2 ** 31 - 1, 2 ** 31 - 1],
      [2 ** 31, 2 ** 31],
      [2 ** 32 + 5, 2 ** 32 + 5],
    ])('calls back once after %s ms', (delayMs, afterMs) => {
      const callback = vi.fn();
      new SystemClock().schedule(callback, delayMs);
      vi.advanceTimersByTime(afterMs - 1);
      expect(callback).not.toHaveBeenCalled();
      vi.advanceTimersByTime(1);
      expect(callback).toHaveBeenCalledOnce();
      expect(vi.getTimerCount()).toBe(0);
    });

    it.each([0, -5, Number.NaN, -Infinity])('takes a delay of %s for 0', (delayMs) => {
      const callback = vi.fn();
      new SystemClock().schedule(callback, delayMs);
      expect(callback).not.toHaveBeenCalled();
      vi.advanceTimersByTime(1);
      expect(callback).toHaveBeenCalledOnce();
    });

    it('never calls back after Infinity, and sets no timer', () => {
      new SystemClock().schedule(() => expect.unreachable(), Infinity).cancel();
      expect(vi.getTimerCount()).toBe(0);
    });

    it('does not call back what was cancelled, in the first part of a long delay or a later one', () => {
      const clock = new SystemClock();
      const callback = vi.fn();
      clock.schedule(callback, 5).cancel();
      const long = clock.schedule(callback, 2 ** 31 + 10);
      vi.advanceTimersByTime(2 ** 31);
      long.cancel();
      long.cancel();
      vi.advanceTimersByTime(2 ** 31);
      expect(callback).not.toHaveBeenCalled();
      expect(vi.getTimerCount()).toBe(0);
    });
  });

  it('keeps the process alive only for timers that are asked to', () => {
    vi.useRealTimers();
    const clock = new SystemClock();
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    clock.coarseNow();
    const background = clock.schedule(() => undefined, 60_000, { ref: false });
    expect(timers()).toBe(before);
    const awaited = clock.schedule(() => undefined, 60_000);
    expect(timers()).toBe(before + 1);
    awaited.cancel();
    background.cancel();
    expect(timers()).toBe(before);
  });
});
