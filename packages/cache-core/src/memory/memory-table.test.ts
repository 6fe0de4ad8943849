import { describe, expect, it } from 'vitest';
import { lifeNow, makeTable, placeAt } from '../../test/memory-fixture.ts';
import { MemoryEntry } from './memory-entry.ts';
import type { MemoryTable } from './memory-table.ts';
import type { Place } from './place.ts';

const unit = () => 1;

function valueIn(table: MemoryTable, place: Place, key: string): unknown {
  const found = table.find(place, key);
  return found instanceof MemoryEntry ? found.handOut() : found;
}

/** The plainest LRU there is: hits out of so many keys. */
function referenceHits(keys: readonly string[], capacity: number): number {
  const kept = new Set<string>();
  let hits = 0;
  for (const key of keys) {
    if (kept.delete(key)) hits += 1;
    kept.add(key);
    if (kept.size > capacity) for (const oldest of kept) if (kept.delete(oldest)) break;
  }
  return hits;
}

/** Keys as a cache sees them: a few of them often, most of them seldom, and now and then a scan. */
function* requests(count: number): Generator<string> {
  let state = 1;
  const random = (): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state / 2 ** 32;
  };
  for (let index = 0; index < count; index++) {
    if (index % 1000 > 900) yield `scan${index}`;
    else yield `k${Math.floor(1000 ** random())}`;
  }
}

describe.each(['root', 'namespace', 'bounded namespace'])(
  'the least recently used leaves first: %s',
  (where) => {
    function makePlace(maxEntries: number) {
      const bounded = where === 'bounded namespace';
      const made = makeTable({ maxEntries: bounded ? 1000 : maxEntries, sizeOf: unit });
      const place = where === 'root' ? made.table.root : made.table.root.child('n');
      if (bounded) place.bounds = { maxEntries, maxBytes: Infinity };
      return { ...made, place };
    }

    it('by use, be it a look or a write', () => {
      const { table, place, left } = makePlace(3);
      for (const key of ['a', 'b', 'c']) table.putPlain(place, key, key, 1000);
      table.find(place, 'a');
      table.putPlain(place, 'b', 'again', 1000);
      table.look(place, 'c');
      table.versionOf(place, 'c');
      table.putPlain(place, 'd', 'd', 1000);
      table.putPlain(place, 'e', 'e', 1000);
      const name = where === 'root' ? '' : 'n';
      expect(left).toEqual([`${name}:c capacity`, `${name}:a capacity`]);
      expect(table.evictions).toBe(2);
      expect(table.expirations).toBe(0);
    });

    it('down to one', () => {
      const { table, place } = makePlace(1);
      for (const key of ['a', 'b', 'b', 'c']) table.putPlain(place, key, key, 1000);
      expect(table.lru.size).toBe(1);
      expect(valueIn(table, place, 'c')).toBe('c');
      expect(table.evictions).toBe(2);
    });

    it.each([1, 7, 50, 400])('with the hit ratio of a plain LRU of %i', (capacity) => {
      const { table, place } = makePlace(capacity);
      const keys = [...requests(10_000)];
      let hits = 0;
      for (const key of keys) {
        if (table.find(place, key) === undefined) table.putPlain(place, key, 1, Infinity);
        else hits += 1;
      }
      expect(hits).toBe(referenceHits(keys, capacity));
      expect(table.lru.size).toBe(capacity);
    });
  },
);

describe('bytes', () => {
  const bySize = { maxBytes: 10, sizeOf: (value: unknown) => (value as { size: number }).size };

  it.each(['', 'n'])('makes as much room as it takes: namespace %j', (name) => {
    const { table, left } = makeTable(bySize);
    const place = name === '' ? table.root : table.root.child(name);
    table.putPlain(place, 'a', { size: 3 }, Infinity);
    table.putPlain(place, 'b', { size: 3 }, Infinity);
    table.putPlain(place, 'c', { size: 4 }, Infinity);
    expect(left).toEqual([]);
    table.putPlain(place, 'd', { size: 5 }, Infinity);
    expect(left).toEqual([`${name}:a capacity`, `${name}:b capacity`]);
    expect(table.lru.calculatedSize).toBe(9);
    table.putPlain(place, 'e', { size: 10 }, Infinity);
    expect(table.lru.size).toBe(1);
  });

  it.each(['', 'n'])(
    'keeps nothing under the key of what is too large, and nothing else leaves: namespace %j',
    (name) => {
      const { table, left } = makeTable(bySize);
      const place = name === '' ? table.root : table.root.child(name);
      table.putPlain(place, 'a', { size: 5 }, Infinity);
      table.putPlain(place, 'k', { size: 5 }, Infinity);
      expect(table.putPlain(place, 'k', { size: 11 }, Infinity)).toBe(false);
      expect(table.find(place, 'k')).toBeUndefined();
      expect(table.find(place, 'a')).not.toBeUndefined();
      expect(left).toEqual([]);
      expect(place.bytes).toBe(name === '' ? 0 : 5);
    },
  );

  it('counts an entry that is overwritten once', () => {
    const { table } = makeTable(bySize);
    const place = table.root.child('n');
    for (const size of [3, 7, 2]) {
      table.putPlain(table.root, 'k', { size }, Infinity);
      expect(table.lru.calculatedSize).toBe(size);
    }
    table.remove(table.root, 'k');
    for (const size of [3, 7, 2]) {
      table.putPlain(place, 'k', { size }, Infinity);
      expect([table.lru.calculatedSize, place.bytes]).toEqual([size, size]);
    }
  });

  it.each(['', 'n'])('counts an object that has grown anew when it is stored again: namespace %j', (name) => {
    const { table, left } = makeTable(bySize);
    const place = name === '' ? table.root : table.root.child(name);
    const growing = { size: 2 };
    table.putPlain(place, 'other', { size: 2 }, Infinity);
    table.putPlain(place, 'k', growing, Infinity);
    growing.size = 9;
    table.putPlain(place, 'k', growing, Infinity);
    expect(table.lru.calculatedSize).toBe(9);
    expect(left).toEqual([`${name}:other capacity`]);
    expect(valueIn(table, place, 'k')).toBe(growing);
    growing.size = 11;
    expect(table.putPlain(place, 'k', growing, Infinity)).toBe(false);
    expect(table.lru.size).toBe(0);
  });

  it('is bounded in a namespace by its own', () => {
    const { table, left } = makeTable({ ...bySize, maxBytes: 100 });
    const place = table.root.child('n');
    place.bounds = { maxEntries: Infinity, maxBytes: 10 };
    table.putPlain(table.root, 'mine', { size: 50 }, Infinity);
    table.putPlain(place, 'a', { size: 6 }, Infinity);
    table.putPlain(place, 'b', { size: 6 }, Infinity);
    expect(left).toEqual(['n:a capacity']);
    expect(place.bytes).toBe(6);
    expect(table.maxBytesIn(place)).toBe(10);
    expect(table.maxBytesIn(table.root)).toBe(100);
    expect(table.putPlain(place, 'b', { size: 11 }, Infinity)).toBe(false);
    expect(place.bytes).toBe(0);
    expect(valueIn(table, table.root, 'mine')).toEqual({ size: 50 });
  });

  it('is bounded by default, whatever the values', () => {
    const { table } = makeTable({ maxBytes: '1mb' });
    for (let index = 0; index < 200; index++)
      table.putPlain(table.root, `k${index}`, 'x'.repeat(50_000), Infinity);
    expect(table.lru.calculatedSize).toBeLessThanOrEqual(1024 ** 2);
    expect(table.lru.size).toBe(20);
  });
});

describe('an end', () => {
  it.each(['root', 'namespace'])('is exact to the instant: %s', (where) => {
    const { table, clock } = makeTable();
    const place = where === 'root' ? table.root : table.root.child('n');
    for (const ttlMs of [1, 2, 1000, 3_600_000]) {
      table.putPlain(place, 'k', 'v', ttlMs);
      clock.advanceSync(ttlMs - 0.25);
      expect(valueIn(table, place, 'k')).toBe('v');
      clock.advanceSync(0.25);
      expect(table.find(place, 'k')).toBeUndefined();
      expect(table.lru.size).toBe(0);
    }
  });

  it('is the longest there is, or none', () => {
    const { table, clock } = makeTable({ sweepInterval: Infinity });
    table.putPlain(table.root, 'long', 1, 8.64e15);
    table.putPlain(table.root, 'for ever', 1, Infinity);
    clock.advanceSync(8e15);
    expect(table.find(table.root, 'long')).toBe(1);
    expect(table.remainingMs(table.root, 'for ever')).toBe(Infinity);
  });

  it('is replaced with the value', () => {
    const { table, clock } = makeTable();
    table.putPlain(table.root, 'k', 'v', 10);
    table.putPlain(table.root, 'k', 'v', Infinity);
    clock.advanceSync(10);
    expect(table.find(table.root, 'k')).toBe('v');
    table.putPlain(table.root, 'k', 'v', 10);
    clock.advanceSync(10);
    expect(table.find(table.root, 'k')).toBeUndefined();
  });

  it('is told as what is left, in whole milliseconds', () => {
    const { table, clock } = makeTable();
    table.putPlain(table.root, 'k', 'v', 1000);
    expect(table.remainingMs(table.root, 'k')).toBe(1000);
    clock.advanceSync(999);
    expect(table.remainingMs(table.root, 'k')).toBe(1);
    clock.advanceSync(1);
    expect(table.remainingMs(table.root, 'k')).toBe(0);
    expect(table.remainingMs(table.root, 'absent')).toBe(0);
  });

  it('counts from now, though the coarse clock lags', () => {
    let nowMs = 1000;
    let coarseMs = 990;
    const clock = {
      now: () => nowMs,
      coarseNow: () => coarseMs,
      wallNow: () => 0,
      random: () => 0,
      schedule: () => ({ cancel: () => {} }),
    };
    const { table } = makeTable({ clock });
    table.putPlain(table.root, 'k', 'v', 5);
    expect(table.find(table.root, 'k')).toBe('v');
    expect(table.remainingMs(table.root, 'k')).toBe(5);
    nowMs = coarseMs = 1005;
    expect(table.find(table.root, 'k')).toBeUndefined();
  });

  it('is told to listeners once, with its cause', async () => {
    const { table, clock, left } = makeTable();
    table.putPlain(table.root, 'k', 'v', 10);
    table.putPlain(table.root.child('n'), 'k', 'v', 10);
    clock.advanceSync(10);
    table.find(table.root, 'k');
    table.find(table.root.child('n'), 'k');
    table.find(table.root, 'k');
    await Promise.resolve();
    expect(left).toEqual([':k expired', 'n:k expired']);
    expect(table.expirations).toBe(2);
  });
});

describe('listeners', () => {
  it('hears nothing of what was asked for', async () => {
    const { table, clock, left } = makeTable();
    const place = table.root.child('n');
    for (const where of [table.root, place]) {
      table.putPlain(where, 'k', 1, 1000);
      table.putPlain(where, 'k', 2, 1000);
      table.remove(where, 'k');
      table.putPlain(where, 'k', 3, 1000);
    }
    table.clear(place);
    table.clear(table.root);
    await clock.advance(60_000);
    expect(left).toEqual([]);
    expect(table.evictions + table.expirations).toBe(0);
  });

  it('hears nothing of a namespace that was cleared and then pushed out', () => {
    const { table, left } = makeTable({ maxEntries: 2 });
    const place = table.root.child('n');
    table.putPlain(place, 'a', 1, Infinity);
    table.putPlain(place, 'b', 1, Infinity);
    table.clear(place);
    table.putPlain(table.root, 'c', 1, Infinity);
    table.putPlain(table.root, 'd', 1, Infinity);
    expect(left).toEqual([]);
    expect(table.evictions).toBe(0);
  });

  it('may store what has just left, and read and clear, while room is made', () => {
    const { table } = makeTable({ maxEntries: 3, sizeOf: unit });
    let again = 0;
    table.evictionListeners.add((_, key) => {
      again += 1;
      if (again < 10) table.putPlain(table.root, key, 'again', Infinity);
      else if (again === 10) table.clear(table.root);
    });
    for (let index = 0; index < 20; index++) {
      table.putPlain(table.root, `k${index}`, index, Infinity);
      expect(table.lru.size).toBeLessThanOrEqual(3);
      expect(table.lru.calculatedSize).toBe(table.lru.size);
    }
    expect([...table.lru.keys()]).toHaveLength(3);
  });

  it('may read what has just expired', async () => {
    const { table, clock } = makeTable();
    const seen: unknown[] = [];
    table.evictionListeners.add((_, key) => seen.push(table.find(table.root, key)));
    table.putPlain(table.root, 'k', 1, 10);
    clock.advanceSync(10);
    expect(table.lru.get('k')).toBeUndefined();
    await Promise.resolve();
    expect(seen).toEqual([undefined]);
  });
});

describe('values', () => {
  it('keeps what may be stored at all: null, false, 0 and the empty string', () => {
    const { table } = makeTable();
    for (const place of [table.root, table.root.child('n')]) {
      for (const value of [null, false, 0, '', Number.NaN, 0n]) {
        table.putPlain(place, 'k', value, 1000);
        expect(Object.is(valueIn(table, place, 'k'), value)).toBe(true);
      }
    }
  });

  it('lets go of a proxy that refuses to be looked at', () => {
    const { table } = makeTable({ maxEntries: 1 });
    const { proxy, revoke } = Proxy.revocable({}, {});
    table.putPlain(table.root, 'proxy', proxy, Infinity);
    revoke();
    table.putPlain(table.root, 'other', 1, Infinity);
    expect(table.lru.size).toBe(1);
    expect(table.find(table.root, 'other')).toBe(1);
    table.putPlain(table.root, 'other', proxy, Infinity);
    expect(table.remove(table.root, 'other')).toBe(true);
  });
});

describe('clear', () => {
  it('empties a place with all inside it, and nothing beside or around it', () => {
    const { table } = makeTable();
    const places = [[], ['a'], ['a', 'b'], ['a', 'b', 'c'], ['ab'], ['b']].map((names) =>
      placeAt(table, names),
    );
    for (const place of places) table.putPlain(place, 'k', 1, Infinity);
    table.clear(placeAt(table, ['a', 'b']));
    expect(places.map((place) => table.find(place, 'k') !== undefined)).toEqual([
      true,
      true,
      false,
      false,
      true,
      true,
    ]);
    table.clear(placeAt(table, ['a']));
    expect(places.map((place) => table.find(place, 'k') !== undefined)).toEqual([
      true,
      false,
      false,
      false,
      true,
      true,
    ]);
    table.clear(table.root);
    expect(places.every((place) => table.find(place, 'k') === undefined)).toBe(true);
    expect(table.lru.size).toBe(0);
  });

  it('takes as long for many entries as for few', () => {
    const { table } = makeTable({ maxEntries: Infinity, maxBytes: Infinity });
    const place = table.root.child('n');
    const { index } = place;
    for (let entry = 0; entry < 1000; entry++) table.putPlain(place, `k${entry}`, 1, Infinity);
    table.clear(place);
    // Nothing has been gone through: the index is another one, and all is still to be given back.
    expect(place.index).not.toBe(index);
    expect(index?.size).toBe(1000);
    expect(table.lru.size).toBe(1000);
    expect(place.bytes).toBe(0);
  });
});

describe('tags', () => {
  it('invalidates all that carries one, wherever it is', () => {
    const { table } = makeTable();
    const inner = table.root.child('n');
    table.put(table.root, 'a', 1, lifeNow(table, { tags: ['t:x'] }), true);
    table.put(inner, 'b', 1, lifeNow(table, { tags: ['t:y', 't:x'] }), true);
    table.put(inner, 'c', 1, lifeNow(table, { tags: ['t:y'] }), true);
    table.generations.moveTag('t:x');
    const current = (place: Place, key: string) => (table.find(place, key) as MemoryEntry).isCurrent();
    expect([current(table.root, 'a'), current(inner, 'b'), current(inner, 'c')]).toEqual([
      false,
      false,
      true,
    ]);
    table.put(table.root, 'a', 2, lifeNow(table, { tags: ['t:x'] }), true);
    expect(current(table.root, 'a')).toBe(true);
  });

  it('keeps nothing valid that carries more tags than are remembered', () => {
    const { table } = makeTable({ maxTags: 2 });
    table.put(table.root, 'k', 1, lifeNow(table, { tags: ['t:1', 't:2', 't:3'] }), true);
    expect((table.find(table.root, 'k') as MemoryEntry).isCurrent()).toBe(false);
  });

  it('has no version of what is no longer valid', () => {
    const { table, clock } = makeTable();
    const place = table.root.child('n');
    for (const where of [table.root, place]) {
      table.put(where, 'k', 1, lifeNow(table, { version: 5, ttlMs: 10, graceMs: 10, tags: ['t:x'] }), true);
      expect(table.versionOf(where, 'k')).toBe(5);
      expect(table.versionOf(where, 'absent')).toBeUndefined();
    }
    clock.advanceSync(19);
    expect(table.versionOf(place, 'k')).toBe(5);
    clock.advanceSync(1);
    expect(table.versionOf(place, 'k')).toBeUndefined();
    table.put(place, 'k', 1, lifeNow(table, { version: 5, tags: ['t:x'] }), true);
    table.generations.moveTag('t:x');
    expect(table.versionOf(place, 'k')).toBeUndefined();
  });
});
