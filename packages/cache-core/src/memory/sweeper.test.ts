import { describe, expect, it } from 'vitest';
import { lifeNow, makeTable } from '../../test/memory-fixture.ts';
import type { Clock, Scheduled } from '../contracts/clock.ts';
import type { MemoryTable } from './memory-table.ts';

/** Time passes by being looked at: so many milliseconds a look. Timers fire one by one, when told to. */
class TickingClock implements Clock {
  perLookMs = 0;
  readonly waiting: { callback: () => void; delayMs: number }[] = [];
  #nowMs = 1000;

  now(): number {
    this.#nowMs += this.perLookMs;
    return this.#nowMs;
  }

  coarseNow(): number {
    return this.#nowMs;
  }

  wallNow(): number {
    return this.#nowMs;
  }

  random(): number {
    return 0;
  }

  schedule(callback: () => void, delayMs: number): Scheduled {
    const timer = { callback, delayMs };
    this.waiting.push(timer);
    return {
      cancel: () =>
        void (this.waiting.includes(timer) && this.waiting.splice(this.waiting.indexOf(timer), 1)),
    };
  }

  /** Fires the first timer. */
  fire(): void {
    const { callback, delayMs } = this.waiting.shift()!;
    this.#nowMs += delayMs;
    callback();
  }
}

/** So many strides fit into a slice when each look at the clock takes a third of a millisecond. */
const THIRD = 0.34;

function tableWith(count: number, ttlMs: number, clock: Clock): MemoryTable {
  const { table } = makeTable({ clock, sweepInterval: '1s', maxEntries: Infinity, maxBytes: Infinity });
  for (let index = 0; index < count; index++) table.putPlain(table.root, `k${index}`, index, ttlMs);
  return table;
}

describe('timers', () => {
  it('is not there before anything can expire, nor after everything has', async () => {
    const { table, clock } = makeTable();
    expect(clock.pendingTimers).toBe(0);
    table.putPlain(table.root, 'for ever', 1, Infinity);
    table.put(table.root.child('n'), 'for ever', 1, lifeNow(table), true);
    expect(clock.pendingTimers).toBe(0);
    table.putPlain(table.root, 'short', 1, 10);
    expect(clock.pendingTimers).toBe(1);
    await clock.advance(30_000);
    expect(table.lru.size).toBe(2);
    expect(clock.pendingTimers).toBe(0);
  });

  it('waits on while something is yet to expire', async () => {
    const { table, clock } = makeTable();
    table.putPlain(table.root, 'a', 1, 10);
    table.putPlain(table.root, 'b', 1, 65_000);
    await clock.advance(60_000);
    expect(table.lru.size).toBe(1);
    expect(clock.pendingTimers).toBe(1);
    await clock.advance(30_000);
    expect(table.lru.size).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it('is taken off by a clear of everything, and by stop', () => {
    const { table, clock } = makeTable();
    table.putPlain(table.root, 'a', 1, 10);
    table.clear(table.root);
    expect(clock.pendingTimers).toBe(0);
    table.putPlain(table.root, 'a', 1, 10);
    table.stop();
    expect(clock.pendingTimers).toBe(0);
  });

  it('is never set with an infinite interval, but what was cleared comes back', async () => {
    const { table, clock } = makeTable({ sweepInterval: Infinity });
    table.putPlain(table.root, 'a', 1, 10);
    const place = table.root.child('n');
    table.putPlain(place, 'b', 1, 10);
    expect(clock.pendingTimers).toBe(0);
    table.clear(place);
    await clock.advance(0);
    expect(table.lru.size).toBe(1);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('a sweep', () => {
  it('takes out exactly what is over, at the instant of its end', async () => {
    const { table, clock, left } = makeTable({ sweepInterval: '1s' });
    table.putPlain(table.root, 'at', 1, 1000);
    table.putPlain(table.root, 'after', 1, 1001);
    table.put(table.root.child('n'), 'at', 1, lifeNow(table, { ttlMs: 400, graceMs: 600 }), true);
    table.put(table.root, 'grace', 1, lifeNow(table, { ttlMs: 1000, graceMs: 1 }), true);
    await clock.advance(1000);
    expect(left).toEqual([':at expired', 'n:at expired']);
    expect(table.lru.size).toBe(2);
    expect(table.expirations).toBe(2);
    expect(table.evictions).toBe(0);
  });

  it('looks at the clock often enough to end a slice after a millisecond', () => {
    const clock = new TickingClock();
    const table = tableWith(64 * 10, 500, clock);
    clock.perLookMs = THIRD;
    let slices = 0;
    for (clock.fire(); clock.waiting.length > 0; clock.fire()) {
      slices += 1;
      expect(clock.waiting[0]!.delayMs).toBe(0);
      expect(table.lru.size).toBe(64 * (10 - 2 * slices));
    }
    expect(slices).toBe(4);
    expect(table.lru.size).toBe(0);
  });

  it('gives back what lru-cache has grown to', async () => {
    const { table, clock } = makeTable();
    for (let index = 0; index < 100; index++) table.putPlain(table.root, `k${index}`, 1, 10);
    const grown = table.lru;
    await clock.advance(30_000);
    expect(table.lru).not.toBe(grown);
    table.putPlain(table.root, 'k', 1, 10);
    expect(table.find(table.root, 'k')).toBe(1);
  });
});

describe('between two slices', () => {
  /** A table of which the first slice of a sweep has gone through a part. */
  function halfSwept(endless: number, over: number) {
    const clock = new TickingClock();
    const table = tableWith(endless, Infinity, clock);
    for (let index = 0; index < over; index++) table.putPlain(table.root, `over${index}`, 1, 500);
    clock.perLookMs = THIRD;
    clock.fire();
    expect(clock.waiting).toHaveLength(1);
    return { clock, table, finish: () => finish(clock, table) };
  }

  function finish(clock: TickingClock, table: MemoryTable): void {
    for (let slices = 0; clock.waiting[0]?.delayMs === 0; slices++) {
      expect(slices).toBeLessThan(100);
      clock.fire();
    }
    expect([...table.lru.keys()].filter((key) => String(key).startsWith('over'))).toEqual([]);
  }

  it('may be hit, so that everything changes its place in the order', () => {
    const { clock, table } = halfSwept(640, 640);
    for (let slices = 0; clock.waiting[0]?.delayMs === 0; slices++) {
      expect(slices).toBeLessThan(100);
      for (let index = 0; index < 640; index++) table.find(table.root, `k${(index * 7) % 640}`);
      clock.fire();
    }
    expect(table.lru.size).toBe(640);
  });

  it('may be stored anew, in slots that have just been freed', () => {
    const { table, finish } = halfSwept(0, 640);
    for (let index = 0; index < 100; index++) table.putPlain(table.root, `new${index}`, 1, Infinity);
    finish();
    expect(table.lru.size).toBe(100);
  });

  it('may be stored with an end, behind what has been looked at', () => {
    const { clock, table, finish } = halfSwept(0, 640);
    table.putPlain(table.root, 'later', 1, 5000);
    finish();
    expect(clock.waiting).toHaveLength(1);
    clock.perLookMs = 0;
    for (let round = 0; round < 6 && clock.waiting.length > 0; round++) clock.fire();
    expect(table.lru.size).toBe(0);
    expect(clock.waiting).toHaveLength(0);
  });

  it('may be deleted', () => {
    const { table, finish } = halfSwept(640, 640);
    for (let index = 0; index < 640; index += 2) {
      table.remove(table.root, `k${index}`);
      table.remove(table.root, `over${index}`);
    }
    finish();
    expect(table.lru.size).toBe(320);
  });

  it('may be cleared, and filled again', () => {
    const { clock, table } = halfSwept(640, 640);
    table.clear(table.root);
    expect(clock.waiting).toHaveLength(0);
    table.putPlain(table.root, 'over-new', 1, 500);
    clock.perLookMs = 0;
    clock.fire();
    expect(table.lru.size).toBe(0);
    expect(clock.waiting).toHaveLength(0);
  });

  it('may be cleared by a listener that hears of an expiry', () => {
    const clock = new TickingClock();
    const table = tableWith(640, 500, clock);
    table.evictionListeners.add(() => table.clear(table.root));
    clock.fire();
    expect(table.lru.size).toBe(0);
    expect(clock.waiting).toHaveLength(0);
  });
});

describe('a cleared namespace', () => {
  it('comes back in slices of a millisecond, and is told to nobody', () => {
    const clock = new TickingClock();
    const { table, left } = makeTable({ clock, sweepInterval: '1s' });
    const place = table.root.child('n');
    for (let index = 0; index < 640; index++) table.putPlain(place, `k${index}`, 1, Infinity);
    table.putPlain(table.root, 'mine', 1, Infinity);
    clock.perLookMs = THIRD;
    table.clear(place);
    expect(table.lru.size).toBe(641);
    clock.fire();
    expect(table.lru.size).toBe(641 - 128 - 64);
    while (clock.waiting.length > 0) clock.fire();
    expect(table.lru.size).toBe(1);
    expect(table.lru.calculatedSize).toBeLessThan(1000);
    expect(left).toEqual([]);
    expect(table.evictions + table.expirations).toBe(0);
  });

  it('does not take what has been stored since', async () => {
    const { table, clock } = makeTable();
    const place = table.root.child('n');
    table.putPlain(place, 'k', 'old', Infinity);
    table.clear(place);
    table.putPlain(place, 'k', 'new', Infinity);
    await clock.advance(0);
    expect(table.find(place, 'k')).toBe('new');
    expect(table.lru.size).toBe(1);
  });

  it('does not hold up the sweep of what expires', async () => {
    const { table, clock } = makeTable({ sweepInterval: '1s' });
    const place = table.root.child('n');
    table.putPlain(table.root, 'over', 1, 500);
    await clock.advance(900);
    table.putPlain(place, 'k', 1, Infinity);
    table.clear(place);
    await clock.advance(100);
    expect(table.lru.size).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it('is dropped with everything when everything is cleared', async () => {
    const { table, clock } = makeTable();
    const place = table.root.child('n');
    table.putPlain(place, 'k', 1, Infinity);
    table.clear(place);
    table.clear(table.root);
    expect(clock.pendingTimers).toBe(0);
    expect(table.lru.size).toBe(0);
  });
});
