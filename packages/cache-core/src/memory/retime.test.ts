import { describe, expect, it } from 'vitest';
import { lifeNow, makeTable } from '../../test/memory-fixture.ts';
import { MemoryEntry } from './memory-entry.ts';
import { makeStale, retime } from './retime.ts';

describe('retime', () => {
  it.each(['root', 'namespace'])('counts from now: %s', (where) => {
    const { table, clock } = makeTable();
    const place = where === 'root' ? table.root : table.root.child('n');
    table.putPlain(place, 'k', 'v', 1000);
    clock.advanceSync(999);
    retime(table, place, 'k', 500);
    clock.advanceSync(499);
    expect(table.find(place, 'k')).not.toBeUndefined();
    clock.advanceSync(1);
    expect(table.find(place, 'k')).toBeUndefined();
  });

  it.each(['root', 'namespace'])('restarts its own: %s', (where) => {
    const { table, clock } = makeTable();
    const place = where === 'root' ? table.root : table.root.child('n');
    table.putPlain(place, 'k', 'v', 1000);
    clock.advanceSync(999);
    retime(table, place, 'k', null);
    clock.advanceSync(999);
    expect(table.find(place, 'k')).not.toBeUndefined();
    clock.advanceSync(1);
    expect(table.find(place, 'k')).toBeUndefined();
  });

  it('gives an end to what had none, and takes it away', async () => {
    const { table, clock } = makeTable();
    table.putPlain(table.root, 'a', { a: 1 }, Infinity);
    table.putPlain(table.root, 'b', Number.NaN, 1000);
    retime(table, table.root, 'a', 1000);
    retime(table, table.root, 'b', Infinity);
    await clock.advance(1e9);
    expect(table.lru.size).toBe(1);
    expect(table.find(table.root, 'b')).toBeNaN();
    expect(clock.pendingTimers).toBe(0);
  });

  it('does nothing where nothing is', () => {
    const { table } = makeTable();
    retime(table, table.root, 'k', 1000);
    retime(table, table.root.child('n'), 'k', null);
    expect(table.lru.size).toBe(0);
  });

  it('keeps all else that is known of an entry', () => {
    const { table, clock } = makeTable();
    const given = { ttlMs: 1000, graceMs: 500, tags: ['t:a'], version: 3, loadMs: 7, schema: {} };
    table.put(table.root, 'k', 'v', lifeNow(table, { ...given, refreshLeadMs: 200 }), true);
    const before = table.find(table.root, 'k') as MemoryEntry;
    clock.advanceSync(100);
    retime(table, table.root, 'k', 4000);
    const after = table.find(table.root, 'k') as MemoryEntry;
    const { tags, version, graceMs, loadMs, schema, asOf, startedMs, value } = before;
    expect(after).toMatchObject({
      tags,
      version,
      graceMs,
      loadMs,
      schema,
      asOf,
      startedMs,
      value,
      ttlMs: 4000,
    });
    expect(after.freshUntilMs).toBe(clock.now() + 4000);
    expect(after.keptUntilMs).toBe(clock.now() + 4500);
    // The share of the time to live that it was: a fifth.
    expect(after.refreshAtMs).toBe(clock.now() + 3200);
    retime(table, table.root, 'k', Infinity);
    expect((table.find(table.root, 'k') as MemoryEntry).refreshAtMs).toBe(Infinity);
  });
});

describe('makeStale', () => {
  it('keeps an entry for its grace, and gives the memory back after it', async () => {
    const { table, clock } = makeTable();
    table.put(table.root, 'k', 'v', lifeNow(table, { ttlMs: Infinity, graceMs: 500 }), true);
    makeStale(table, table.root, 'k');
    const entry = table.find(table.root, 'k') as MemoryEntry;
    expect(entry.freshUntilMs).toBe(clock.now());
    expect(entry.keptUntilMs).toBe(clock.now() + 500);
    await clock.advance(30_000);
    expect(table.lru.size).toBe(0);
  });

  it('does not prolong what is stale already', () => {
    const { table, clock } = makeTable();
    table.put(table.root, 'k', 'v', lifeNow(table, { ttlMs: 1000, graceMs: 500 }), true);
    clock.advanceSync(1200);
    makeStale(table, table.root, 'k');
    clock.advanceSync(299);
    expect(table.find(table.root, 'k')).toBeInstanceOf(MemoryEntry);
    clock.advanceSync(1);
    expect(table.find(table.root, 'k')).toBeUndefined();
  });

  it('removes what has no grace', () => {
    const { table, left } = makeTable();
    table.putPlain(table.root, 'bare', 'v', 1000);
    table.putPlain(table.root.child('n'), 'k', 'v', 1000);
    makeStale(table, table.root, 'bare');
    makeStale(table, table.root.child('n'), 'k');
    makeStale(table, table.root, 'absent');
    expect(table.lru.size).toBe(0);
    expect(left).toEqual([]);
  });
});
