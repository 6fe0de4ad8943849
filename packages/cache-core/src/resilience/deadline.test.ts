import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ManualClock } from '../clock/manual-clock.ts';
import { systemClock } from '../clock/system-clock.ts';
import type { Clock } from '../contracts/clock.ts';
import { Watchdog } from './deadline.ts';

const late = (): Error => new Error('late');
const never = (): Promise<never> => new Promise(() => undefined);
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** A clock whose timers fire only when the test says so, however late: an event loop that was blocked. */
class BlockedClock extends ManualClock {
  readonly callbacks: (() => void)[] = [];
  nowMs = 1000;

  override now(): number {
    return this.nowMs;
  }

  override schedule(callback: () => void): { cancel(): void } {
    this.callbacks.push(callback);
    return { cancel: () => undefined };
  }
}

let unhandled: unknown[] = [];
const onUnhandled = (reason: unknown): void => void unhandled.push(reason);
beforeEach(() => {
  unhandled = [];
  process.on('unhandledRejection', onUnhandled);
});
afterEach(async () => {
  await turn();
  process.off('unhandledRejection', onUnhandled);
  expect(unhandled).toEqual([]);
});

describe('Watchdog', () => {
  it('settles as the work does, and leaves no timer behind', async () => {
    const clock = new ManualClock();
    const watchdog = new Watchdog(clock);
    const error = new Error('work failed');
    expect(await watchdog.guard(Promise.resolve(5), 250, late)).toBe(5);
    await expect(watchdog.guard(Promise.reject(error), 250, late)).rejects.toBe(error);
    expect([watchdog.pending, clock.pendingTimers]).toEqual([0, 0]);
  });

  it('rejects with what onLate answers, at the deadline', async () => {
    const clock = new ManualClock();
    const watchdog = new Watchdog(clock);
    const settled = vi.fn();
    watchdog.guard(never(), 250, () => 'too late').catch(settled);
    await clock.advance(249);
    expect(settled).not.toHaveBeenCalled();
    expect(watchdog.pending).toBe(1);
    await clock.advance(1);
    expect(settled).toHaveBeenCalledExactlyOnceWith('too late');
    expect([watchdog.pending, clock.pendingTimers]).toEqual([0, 0]);
  });

  it('has one timer for all, whatever their deadlines', async () => {
    const clock = new ManualClock();
    const watchdog = new Watchdog(clock);
    const ended: number[] = [];
    for (const ms of [300, 100, 200, 100, 50, 400]) {
      watchdog.guard(never(), ms, late).catch(() => ended.push(ms));
      expect(clock.pendingTimers).toBe(1);
    }
    await clock.advance(100);
    expect(ended).toEqual([50, 100, 100]);
    expect([watchdog.pending, clock.pendingTimers]).toEqual([3, 1]);
    await clock.advance(1000);
    expect(ended).toEqual([50, 100, 100, 200, 300, 400]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('ends the right ones among thousands', async () => {
    const clock = new ManualClock({ seed: 3 });
    const watchdog = new Watchdog(clock);
    const outcomes: Promise<boolean>[] = [];
    for (let index = 0; index < 3000; index++) {
      const workMs = Math.ceil(clock.random() * 1000);
      const limitMs = index % 2 === 0 ? 250 : Math.ceil(clock.random() * 1000) + 0.5;
      const work = new Promise<void>((resolve) => void clock.schedule(resolve, workMs));
      const isRight = (ended: boolean): boolean => workMs === limitMs || ended === limitMs < workMs;
      outcomes.push(
        watchdog.guard(work, limitMs, late).then(
          () => isRight(false),
          () => isRight(true),
        ),
      );
    }
    for (let ms = 0; ms <= 1000; ms++) {
      clock.advanceSync(1);
      if (ms % 10 === 0) await turn();
      else await Promise.resolve();
    }
    // Advanced without a pause for promises, a reply counts when its reaction runs: allow for those few.
    const wrong = (await Promise.all(outcomes)).filter((right) => !right).length;
    expect(wrong).toBeLessThan(60);
    expect([watchdog.pending, clock.pendingTimers]).toEqual([0, 0]);
  });

  it('drops what comes late, an error too', async () => {
    const clock = new ManualClock();
    const watchdog = new Watchdog(clock);
    let succeed: (value: number) => void = () => undefined;
    let fail: (error: Error) => void = () => undefined;
    const one = watchdog.guard(new Promise<number>((resolve) => (succeed = resolve)), 10, late);
    const other = watchdog.guard(new Promise<number>((_, reject) => (fail = reject)), 10, late);
    const outcomes = Promise.allSettled([one, other]);
    await clock.advance(10);
    succeed(5);
    fail(new Error('nobody listens'));
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  it('answers the work itself where there is no deadline', () => {
    const work = Promise.resolve(5);
    expect(new Watchdog(new ManualClock()).guard(work, Infinity, late)).toBe(work);
  });

  it.each([0, -5, Number.NaN])('with %s ms takes only what is settled', async (ms) => {
    const clock = new ManualClock();
    const watchdog = new Watchdog(clock);
    const outcomes = Promise.allSettled([
      watchdog.guard(Promise.resolve(5), ms, late),
      watchdog.guard(never(), ms, late),
    ]);
    await clock.advance(0);
    expect((await outcomes).map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  });

  it('rejects with what onLate throws', async () => {
    const clock = new ManualClock();
    const error = new Error('in onLate');
    const guarded = new Watchdog(clock).guard(never(), 10, () => {
      throw error;
    });
    const outcome = expect(guarded).rejects.toBe(error);
    await clock.advance(10);
    await outcome;
  });

  it('lets onLate guard again', async () => {
    const clock = new ManualClock();
    const watchdog = new Watchdog(clock);
    const ended: string[] = [];
    watchdog
      .guard(never(), 10, () => {
        watchdog.guard(never(), 0, late).catch(() => ended.push('second'));
        return late();
      })
      .catch(() => ended.push('first'));
    await clock.advance(10);
    expect(ended).toEqual(['first', 'second']);
    expect(clock.pendingTimers).toBe(0);
  });

  describe('with a signal', () => {
    it.each([100, Infinity])('rejects with its reason when it aborts, limit %s', async (ms) => {
      const clock = new ManualClock();
      const watchdog = new Watchdog(clock);
      const controller = new AbortController();
      const guarded = watchdog.guard(
        turn().then(() => Promise.reject(new Error('dropped'))),
        ms,
        late,
        controller.signal,
      );
      expect(watchdog.pending).toBe(1);
      controller.abort('enough');
      await expect(guarded).rejects.toBe('enough');
      expect([watchdog.pending, clock.pendingTimers]).toEqual([0, 0]);
      await expect(watchdog.guard(Promise.reject(late()), ms, late, controller.signal)).rejects.toBe(
        'enough',
      );
    });

    it('stops listening when the work is done, or late', async () => {
      const clock = new ManualClock();
      const watchdog = new Watchdog(clock);
      const { signal } = new AbortController();
      const added = vi.spyOn(signal, 'addEventListener');
      const removed = vi.spyOn(signal, 'removeEventListener');
      await watchdog.guard(Promise.resolve(5), Infinity, late, signal);
      const ended = expect(watchdog.guard(never(), 5, late, signal)).rejects.toThrow('late');
      await clock.advance(5);
      await ended;
      expect([added.mock.calls.length, removed.mock.calls.length]).toEqual([2, 2]);
    });
  });

  describe('after a blocked event loop', () => {
    it('reads the replies that have come before it calls anything late', async () => {
      const clock = new BlockedClock();
      const watchdog = new Watchdog(clock);
      let reply: (value: string) => void = () => undefined;
      const answered = watchdog.guard(new Promise<string>((resolve) => (reply = resolve)), 250, late);
      const unanswered = watchdog.guard(never(), 250, late);
      const outcomes = Promise.allSettled([answered, unanswered]);
      clock.nowMs += 1000;
      clock.callbacks[0]?.();
      // What the socket brings in this turn.
      reply('in time');
      const [first, second] = await outcomes;
      expect(first).toEqual({ status: 'fulfilled', value: 'in time' });
      expect(second.status).toBe('rejected');
    });

    it('does not judge by its own lateness what was asked meanwhile', async () => {
      const clock = new BlockedClock();
      const watchdog = new Watchdog(clock);
      const first = expect(watchdog.guard(never(), 250, late)).rejects.toThrow('late');
      clock.nowMs += 1000;
      clock.callbacks[0]?.();
      const settled = vi.fn();
      watchdog.guard(never(), 250, late).then(settled, settled);
      // Overdue before the turn is over; its own replies have not been read yet.
      clock.nowMs += 300;
      await first;
      await turn();
      expect(settled).not.toHaveBeenCalled();
      expect(watchdog.pending).toBe(1);
      clock.callbacks.at(-1)?.();
      expect(settled).not.toHaveBeenCalled();
      await turn();
      await turn();
      expect(settled).toHaveBeenCalledOnce();
    });

    it('on a real clock: a reply that arrived during the block is not late', async () => {
      const watchdog = new Watchdog(systemClock);
      const { port1, port2 } = new MessageChannel();
      const reply = new Promise<string>((resolve) => port1.on?.('message', resolve));
      const guarded = watchdog.guard(reply, 5, late);
      port2.postMessage('in time');
      const untilMs = performance.now() + 30;
      while (performance.now() < untilMs);
      expect(await guarded).toBe('in time');
      port1.close();
    });
  });

  describe('close', () => {
    it('rejects all that is pending, and every later call', async () => {
      const clock: ManualClock & Clock = new ManualClock();
      const watchdog = new Watchdog(clock);
      const { signal } = new AbortController();
      const outcomes = Promise.allSettled([
        watchdog.guard(never(), 100, late),
        watchdog.guard(never(), 50, late),
        watchdog.guard(never(), Infinity, late, signal),
      ]);
      watchdog.close('bye');
      watchdog.close();
      const reasons = (await outcomes).map((outcome) => outcome.status === 'rejected' && outcome.reason);
      expect(reasons).toEqual(['bye', 'bye', 'bye']);
      expect([watchdog.pending, clock.pendingTimers]).toEqual([0, 0]);
      await expect(watchdog.guard(Promise.reject(late()), 5, late)).rejects.toBe('bye');
    });

    it('says CLOSED by default', async () => {
      const watchdog = new Watchdog(new ManualClock());
      watchdog.close();
      await expect(watchdog.guard(never(), 5, late)).rejects.toMatchObject({ code: 'CLOSED' });
    });
  });
});
