import fc from 'fast-check';
import { expect, it } from 'vitest';
import { lifeNow, makeTable, placeAt } from '../../test/memory-fixture.ts';
import { recount } from './counter.ts';
import type { MemoryEntry } from './memory-entry.ts';
import { makeStale, retime } from './retime.ts';

/** Everything that can be done to a table, beside the plainest model of it: a list in the order of use. */

const PLACES: readonly (readonly string[])[] = [[], ['a'], ['a', 'b'], ['c']];
const TAGS = ['t:1', 't:2'];
const MAX_ENTRIES = 6;
const MAX_BYTES = 20;
/** Of the place `c`. */
const BOUND = 2;

interface Kept {
  readonly place: number;
  readonly key: string;
  readonly bytes: number;
  value: number;
  freshUntilMs: number;
  keptUntilMs: number;
  ttlMs: number;
  readonly graceMs: number;
  readonly tags: readonly string[];
  readonly bare: boolean;
}

class Model {
  /** The least recently used first. */
  kept: Kept[] = [];
  nowMs = 0;
  readonly dead = new Set<Kept>();

  at(place: number, key: string): Kept | undefined {
    this.kept = this.kept.filter(
      (one) => one.keptUntilMs > this.nowMs || one.place !== place || one.key !== key,
    );
    return this.kept.find((one) => one.place === place && one.key === key);
  }

  use(place: number, key: string): Kept | undefined {
    const found = this.at(place, key);
    if (found !== undefined) this.kept.push(...this.kept.splice(this.kept.indexOf(found), 1));
    return found;
  }

  remove(place: number, key: string): void {
    this.kept = this.kept.filter((one) => one.place !== place || one.key !== key);
  }

  put(entry: Kept): void {
    this.remove(entry.place, entry.key);
    if (entry.bytes > MAX_BYTES) return;
    this.kept.push(entry);
    while (this.kept.reduce((sum, one) => sum + one.bytes, 0) > MAX_BYTES) this.kept.shift();
    const inPlace = this.kept.filter((one) => one.place === 3);
    if (entry.place === 3 && inPlace.length > BOUND) this.kept.splice(this.kept.indexOf(inPlace[0]!), 1);
    while (this.kept.length > MAX_ENTRIES) this.kept.shift();
  }

  clear(place: number): void {
    const inside = place === 0 ? [0, 1, 2, 3] : place === 1 ? [1, 2] : [place];
    this.kept = this.kept.filter((one) => !inside.includes(one.place));
  }

  moveTag(tag: string): void {
    for (const one of this.kept) if (one.tags.includes(tag)) this.dead.add(one);
  }
}

const place = fc.nat({ max: PLACES.length - 1 });
const key = fc.constantFrom('k', 'l', 'm', 'n');
const ttlMs = fc.constantFrom(1, 5, 20, Infinity);
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('put' as const),
      place,
      key,
      ttlMs,
      graceMs: fc.constantFrom(0, 0, 7),
      tags: fc.subarray(TAGS),
      bytes: fc.constantFrom(1, 3, 8, 21),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('find' as const), place, key }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('remove' as const, 'stale' as const, 'count' as const),
      place,
      key,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('retime' as const), place, key, ttlMs }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('clear' as const), place }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('moveTag' as const), tag: fc.constantFrom(...TAGS) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 4, 30) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

class Pair {
  readonly model = new Model();
  readonly #made = makeTable({
    maxEntries: MAX_ENTRIES,
    maxBytes: MAX_BYTES,
    sizeOf: (value) => (value as number) >> 16 || 1,
    sweepInterval: '10ms',
  });
  readonly #places = PLACES.map((names) => placeAt(this.#made.table, names));
  #writes = 0;

  constructor() {
    this.#places[3]!.bounds = { maxEntries: BOUND, maxBytes: Infinity };
  }

  apply(one: Step): void {
    const { model } = this;
    const { table, clock } = this.#made;
    switch (one.do) {
      case 'put': {
        this.#writes += 1;
        // Its size is in the value.
        const value = (one.bytes << 16) + this.#writes;
        const life = lifeNow(table, { ttlMs: one.ttlMs, graceMs: one.graceMs, tags: one.tags });
        const needsEntry = one.graceMs > 0 || one.tags.length > 0;
        const fits = table.put(this.#places[one.place]!, one.key, value, life, needsEntry);
        expect(fits).toBe(one.bytes <= MAX_BYTES);
        const { nowMs } = model;
        const freshUntilMs = nowMs + one.ttlMs;
        const bare = !needsEntry;
        model.put({ ...one, value, freshUntilMs, keptUntilMs: freshUntilMs + one.graceMs, bare });
        return;
      }
      case 'find':
        model.use(one.place, one.key);
        table.find(this.#places[one.place]!, one.key);
        return;
      case 'remove':
        model.remove(one.place, one.key);
        table.remove(this.#places[one.place]!, one.key);
        return;
      case 'clear':
        model.clear(one.place);
        table.clear(this.#places[one.place]!);
        // What is left behind counts until it is given back, at the next turn.
        clock.advanceSync(0);
        return;
      case 'moveTag':
        model.moveTag(one.tag);
        table.generations.moveTag(one.tag);
        return;
      case 'wait':
        model.nowMs += one.ms;
        clock.advanceSync(one.ms);
        this.#sweep();
        return;
      default:
        this.#change(one);
    }
  }

  /** Only what is there and valid is changed: that is for the caller to know. */
  #change(one: Extract<Step, { place: number; key: string }>): void {
    const { model } = this;
    const { table } = this.#made;
    const where = this.#places[one.place]!;
    const found = model.at(one.place, one.key);
    if (found === undefined || model.dead.has(found) || found.freshUntilMs <= model.nowMs) return;
    if (one.do === 'stale') {
      makeStale(table, where, one.key);
      if (found.graceMs === 0) model.remove(one.place, one.key);
      else {
        model.use(one.place, one.key);
        found.keptUntilMs = Math.min(found.keptUntilMs, model.nowMs + found.graceMs);
        found.freshUntilMs = model.nowMs;
      }
      return;
    }
    if (one.do === 'count') {
      recount(table, where, one.key, found.value + 1);
      found.value += 1;
    } else if (one.do === 'retime') {
      retime(table, where, one.key, one.ttlMs);
      found.ttlMs = one.ttlMs;
      found.freshUntilMs = model.nowMs + one.ttlMs;
      found.keptUntilMs = found.freshUntilMs + found.graceMs;
    }
    model.use(one.place, one.key);
  }

  /** Whatever is over is out of both before the next step, so that it takes no room in either. */
  #sweep(): void {
    const { model } = this;
    for (const { place: at, key: name } of [...model.kept]) {
      if (this.#made.table.look(this.#places[at]!, name) === undefined) {
        expect(model.at(at, name)).toBeUndefined();
        this.#made.table.remove(this.#places[at]!, name);
      }
    }
  }

  compare(): void {
    const { table, clock } = this.#made;
    const { kept, nowMs, dead } = this.model;
    expect(table.lru.size).toBe(kept.length);
    expect(table.lru.calculatedSize).toBe(kept.reduce((sum, one) => sum + one.bytes, 0));
    const startMs = clock.now() - nowMs;
    for (const one of kept) {
      const found = table.look(this.#places[one.place]!, one.key);
      if (one.bare) {
        expect(found).toBe(one.value);
        expect(table.remainingMs(this.#places[one.place]!, one.key)).toBe(one.freshUntilMs - nowMs);
      } else {
        const { value, freshUntilMs, keptUntilMs } = found as MemoryEntry;
        expect(value).toBe(one.value);
        expect([freshUntilMs - startMs, keptUntilMs - startMs]).toEqual([one.freshUntilMs, one.keptUntilMs]);
        expect((found as MemoryEntry).isCurrent()).toBe(!dead.has(one));
      }
    }
    this.#places.forEach((where, index) => {
      if (where.index === null) return;
      const inPlace = kept.filter((one) => one.place === index);
      expect(where.index.size).toBe(inPlace.length);
      expect(where.bytes).toBe(inPlace.reduce((sum, one) => sum + one.bytes, 0));
    });
    expect(clock.pendingTimers).toBeLessThanOrEqual(1);
  }
}

it('is what a list in the order of use would be, whatever is done to it', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const pair = new Pair();
      for (const one of steps) {
        pair.apply(one);
        pair.compare();
      }
    }),
    { numRuns: 400 },
  );
});
