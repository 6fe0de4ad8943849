import { describe, expect, it } from 'vitest';
import { ManualClock } from '../clock/manual-clock.ts';
import { Background } from './background.ts';

describe('Background', () => {
  const clock = new ManualClock();

  it('is drained at once where nothing runs', async () => {
    expect(await new Background(() => undefined).drained(clock, 0)).toBe(true);
  });

  it('waits for what runs, and for what that starts', async () => {
    const background = new Background(() => undefined);
    const order: string[] = [];
    const second = async (): Promise<void> => {
      await Promise.resolve();
      order.push('second');
    };
    const first = async (): Promise<void> => {
      await Promise.resolve();
      order.push('first');
      background.add(second(), 'second');
    };
    background.add(first(), 'first');
    expect(background.size).toBe(1);
    expect(await background.drained(clock, Infinity)).toBe(true);
    expect(order).toEqual(['first', 'second']);
    expect(background.size).toBe(0);
  });

  it('gives up after its time and leaves no timer behind', async () => {
    const background = new Background(() => undefined);
    background.add(new Promise(() => undefined), 'hanging');
    const drained = background.drained(clock, 1000);
    await clock.advance(1000);
    expect(await drained).toBe(false);
    expect(clock.pendingTimers).toBe(0);
  });

  it('reports what fails, once', async () => {
    const reported: unknown[] = [];
    const background = new Background((error, operation) => reported.push([operation, error]));
    background.add(Promise.reject('why'), 'work');
    await background.drained(clock, Infinity);
    expect(reported).toEqual([['work', 'why']]);
  });
});
