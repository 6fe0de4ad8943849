import { describe, expect, it } from 'vitest';
import { lifeNow, makeTable } from '../../test/memory-fixture.ts';
import { CacheErrorCode } from '../errors/error-code.ts';
import { addToCounter, recount } from './counter.ts';
import type { MemoryEntry } from './memory-entry.ts';

describe('addToCounter', () => {
  it('begins at 0', () => {
    expect(addToCounter('k', undefined, 5)).toBe(5);
    expect(addToCounter('k', undefined, -5)).toBe(-5);
    expect(addToCounter('k', 7, -5)).toBe(2);
    expect(Object.is(addToCounter('k', undefined, -0), 0)).toBe(true);
  });

  it.each([null, '5', 5n, 0.5, Number.NaN, Infinity, 2 ** 53, {}, true])('refuses to count %s', (current) => {
    expect(() => addToCounter('k', current, 1)).toThrow(
      expect.objectContaining({ code: CacheErrorCode.INVALID_VALUE }),
    );
  });

  it('refuses a sum beyond what is exact', () => {
    expect(addToCounter('k', Number.MAX_SAFE_INTEGER - 1, 1)).toBe(Number.MAX_SAFE_INTEGER);
    for (const [current, by] of [
      [Number.MAX_SAFE_INTEGER, 1],
      [Number.MIN_SAFE_INTEGER, -1],
    ] as const) {
      expect(() => addToCounter('k', current, by)).toThrow(
        expect.objectContaining({ code: CacheErrorCode.INVALID_VALUE }),
      );
    }
  });
});

describe('recount', () => {
  it.each(['root', 'namespace'])(
    'keeps the end to the instant, however often it counts: %s',
    async (where) => {
      const { table, clock } = makeTable();
      const place = where === 'root' ? table.root : table.root.child('n');
      table.putPlain(place, 'k', 0, 1000);
      for (let sum = 1; sum < 2000; sum++) {
        clock.advanceSync(0.5);
        // What is stored meanwhile has an end of its own.
        table.putPlain(table.root, 'other', sum, 100_000);
        expect(recount(table, place, 'k', sum)).toBe(true);
      }
      expect(table.find(place, 'k')).not.toBeUndefined();
      clock.advanceSync(0.5);
      expect(table.find(place, 'k')).toBeUndefined();
    },
  );

  it('keeps all that is known of an entry but its schema, and is as young as the count', () => {
    const { table, clock } = makeTable();
    const given = { ttlMs: 1000, graceMs: 500, tags: ['t:a'], version: 3, loadMs: 7, refreshLeadMs: 100 };
    table.put(table.root, 'k', 1, lifeNow(table, { ...given, schema: {} }), true);
    const before = table.find(table.root, 'k') as MemoryEntry;
    clock.advanceSync(400);
    table.generations.next();
    recount(table, table.root, 'k', 2);
    const after = table.find(table.root, 'k') as MemoryEntry;
    const { freshUntilMs, keptUntilMs, refreshAtMs, tags, version, ttlMs, graceMs, loadMs } = before;
    expect(after).toMatchObject({
      freshUntilMs,
      keptUntilMs,
      refreshAtMs,
      tags,
      version,
      ttlMs,
      graceMs,
      loadMs,
    });
    expect(after).toMatchObject({
      value: 2,
      schema: null,
      startedMs: clock.now(),
      asOf: table.generations.now,
    });
    table.generations.moveTag('t:a');
    expect(after.isCurrent()).toBe(false);
  });

  it('keeps an entry without an end without one', async () => {
    const { table, clock } = makeTable();
    table.putPlain(table.root, 'k', 1, Infinity);
    recount(table, table.root, 'k', 2);
    await clock.advance(1e12);
    expect(table.find(table.root, 'k')).toBe(2);
    expect(clock.pendingTimers).toBe(0);
  });
});
