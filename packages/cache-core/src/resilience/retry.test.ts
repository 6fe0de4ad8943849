import { describe, expect, it, vi } from 'vitest';
import { ManualClock } from '../clock/manual-clock.ts';
import type { RetryOptions } from '../contracts/options.ts';
import { CacheError } from '../errors/cache-error.ts';
import { resolveRetry, retry } from './retry.ts';

/** Fails so many times, then succeeds; remembers when it was tried. */
function makeWork(clock: ManualClock, failures: number, error: unknown = new Error('failed')) {
  const start = clock.now();
  const triedAt: number[] = [];
  const work = async (attempt: number): Promise<string> => {
    triedAt.push(clock.now() - start);
    expect(attempt).toBe(triedAt.length);
    if (triedAt.length <= failures) throw error;
    return 'done';
  };
  return { work, triedAt, error };
}

describe('retry', () => {
  it('does not try again unless asked to', async () => {
    const clock = new ManualClock();
    const { work, error } = makeWork(clock, 1);
    await expect(retry(work, { clock })).rejects.toBe(error);
    expect(clock.pendingTimers).toBe(0);
  });

  it('tries again after growing delays', async () => {
    const clock = new ManualClock();
    const { work, triedAt } = makeWork(clock, 6);
    const done = retry(work, { attempts: 6, clock });
    await clock.advance(10_000);
    expect(await done).toBe('done');
    expect(triedAt).toEqual([0, 100, 300, 700, 1500, 3100, 5100]);
  });

  it('rejects with the last error when the attempts are used up', async () => {
    const clock = new ManualClock();
    let tries = 0;
    const done = retry(() => Promise.reject(`error ${++tries}`), { attempts: 2, delay: 0, clock });
    const outcome = expect(done).rejects.toBe('error 3');
    await clock.advance(0);
    await outcome;
  });

  it('takes resolved options, and options with other numbers', async () => {
    const clock = new ManualClock();
    const { work, triedAt } = makeWork(clock, 3);
    const plan = resolveRetry({ attempts: 3, delay: '1s', factor: 3, maxDelay: '5s' }, 'retry');
    const done = retry(work, { ...plan, clock });
    await clock.advance(20_000);
    expect(await done).toBe('done');
    expect(triedAt).toEqual([0, 1000, 4000, 9000]);
  });

  it('shortens delays by the jitter', async () => {
    const clock = new ManualClock();
    clock.setRandom(() => 0.5);
    const { work, triedAt } = makeWork(clock, 1);
    const done = retry(work, { attempts: 1, jitter: 0.2, clock });
    await clock.advance(100);
    await done;
    expect(triedAt).toEqual([0, 90]);
  });

  it('counts a try that throws or answers at once', async () => {
    const clock = new ManualClock();
    let tries = 0;
    const done = retry(
      () => {
        if (++tries === 1) throw new Error('at once');
        return 5;
      },
      { attempts: 1, clock },
    );
    await clock.advance(100);
    expect(await done).toBe(5);
  });

  it('asks whether an error is worth another try', async () => {
    const clock = new ManualClock();
    const { work, triedAt, error } = makeWork(clock, 1);
    await expect(retry(work, { attempts: 5, retryable: () => false, clock })).rejects.toBe(error);
    expect(triedAt).toEqual([0]);
  });

  it.each([
    [true, 2],
    [false, 1],
  ])('by default goes by a CacheError: retryable %s is tried %s times', async (retryable, tries) => {
    const clock = new ManualClock();
    const { work, triedAt } = makeWork(clock, 9, new CacheError('no', 'STORE_FAILED', { retryable }));
    const outcome = expect(retry(work, { attempts: 1, clock })).rejects.toMatchObject({
      code: 'STORE_FAILED',
    });
    await clock.advance(100);
    await outcome;
    expect(triedAt.length).toBe(tries);
  });

  describe('with a signal', () => {
    it('does nothing if that is aborted', async () => {
      const work = vi.fn();
      const signal = AbortSignal.abort('no');
      await expect(retry(work, { attempts: 5, clock: new ManualClock(), signal })).rejects.toBe('no');
      expect(work).not.toHaveBeenCalled();
    });

    it('ends a delay', async () => {
      const clock = new ManualClock();
      const controller = new AbortController();
      const { work, triedAt } = makeWork(clock, 9);
      const outcome = expect(retry(work, { attempts: 5, clock, signal: controller.signal })).rejects.toBe(
        'enough',
      );
      await clock.advance(50);
      expect(clock.pendingTimers).toBe(1);
      controller.abort('enough');
      await outcome;
      expect([triedAt, clock.pendingTimers]).toEqual([[0], 0]);
    });

    it('ends a try that does not listen, and drops its error', async () => {
      const controller = new AbortController();
      let fail: (error: Error) => void = () => undefined;
      const done = retry(() => new Promise((_, reject) => (fail = reject)), {
        attempts: 5,
        clock: new ManualClock(),
        signal: controller.signal,
      });
      controller.abort('enough');
      await expect(done).rejects.toBe('enough');
      fail(new Error('nobody listens'));
    });

    it('ends a try that aborts it itself', async () => {
      const controller = new AbortController();
      const work = (): Promise<never> => {
        controller.abort('from inside');
        return new Promise(() => undefined);
      };
      await expect(retry(work, { clock: new ManualClock(), signal: controller.signal })).rejects.toBe(
        'from inside',
      );
    });

    it('hands it to the work, and leaves no listener behind', async () => {
      const clock = new ManualClock();
      const { signal } = new AbortController();
      const added = vi.spyOn(signal, 'addEventListener');
      const removed = vi.spyOn(signal, 'removeEventListener');
      let tries = 0;
      const done = retry(
        (_, given) => {
          expect(given).toBe(signal);
          return ++tries < 3 ? Promise.reject(new Error('failed')) : Promise.resolve(5);
        },
        { attempts: 5, clock, signal },
      );
      await clock.advance(1000);
      expect(await done).toBe(5);
      await Promise.resolve();
      expect(removed.mock.calls.length).toBe(added.mock.calls.length);
    });
  });
});

describe('resolveRetry', () => {
  it('has defaults', () => {
    expect(resolveRetry(undefined, 'retry')).toEqual({
      attempts: 0,
      delayMs: 100,
      factor: 2,
      maxDelayMs: 2000,
      jitter: 0,
      retryable: expect.any(Function),
    });
  });

  it.each<[unknown, string]>([
    [{ attempts: -1 }, 'loaderRetry.attempts must be a whole number'],
    [{ delay: '5' }, 'loaderRetry.delay must be a duration'],
    [{ factor: 0.5 }, 'loaderRetry.factor must be a finite number from 1 up; got 0.5'],
    [{ factor: '2' }, 'loaderRetry.factor must be'],
    [{ maxDelay: Number.NaN }, 'loaderRetry.maxDelay must be a duration'],
    [{ jitter: 2 }, 'loaderRetry.jitter must be a share'],
    [{ retryable: true }, 'loaderRetry.retryable must be a function'],
    [{ retries: 3 }, "loaderRetry: there is no option 'retries'"],
    [3, 'loaderRetry must be an object; got 3'],
  ])('refuses %o', (options, message) => {
    expect(() => resolveRetry(options as RetryOptions, 'loaderRetry')).toThrow(message);
  });
});
