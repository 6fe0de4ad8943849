import { describe, expect, it } from 'vitest';
import { ManualClock } from '../clock/manual-clock.ts';
import { LoadLimit } from './load-limit.ts';

async function isIn(entering: Promise<void>): Promise<boolean> {
  return Promise.race([
    entering.then(() => true),
    new Promise<boolean>((resolve) => setImmediate(() => resolve(false))),
  ]);
}

describe('LoadLimit', () => {
  it('lets so many in, and the next in order when one leaves', async () => {
    const limit = new LoadLimit(new ManualClock(), 2);
    const turns = Array.from({ length: 4 }, () => limit.enter(1000));
    expect(await Promise.all(turns.map(isIn))).toEqual([true, true, false, false]);
    expect(limit.waiting).toBe(2);
    limit.leave();
    expect(await Promise.all(turns.map(isIn))).toEqual([true, true, true, false]);
    limit.leave();
    limit.leave();
    expect(await isIn(turns[3]!)).toBe(true);
  });

  it('a turn that is given on cannot be taken in between', async () => {
    const limit = new LoadLimit(new ManualClock(), 1);
    await limit.enter(1000);
    const waiting = limit.enter(1000);
    limit.leave();
    const late = limit.enter(1000);
    expect([await isIn(waiting), await isIn(late)]).toEqual([true, false]);
  });

  it('nobody waits longer than he said, and no timer stays behind', async () => {
    const clock = new ManualClock();
    const limit = new LoadLimit(clock, 1);
    await limit.enter(1000);
    const waiting = limit.enter(1000);
    await clock.advance(999);
    expect(await isIn(waiting)).toBe(false);
    await clock.advance(1);
    expect(await isIn(waiting)).toBe(true);
    const other = limit.enter(Infinity);
    limit.leave();
    limit.leave();
    expect(await isIn(other)).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });
});
