import { expect, it } from 'vitest';
import { EVERYTHING, FIRST_FRESH, groupComponent } from '../keys/component.ts';
import { ALL_KEYS, type KeyKind } from '../keys/key-space.ts';
import { FATE, KIND, METHODS, type Method, ROW_LENGTH, SOURCE } from '../record/row.ts';
import type { Breach } from './breach.ts';
import { Consistency } from './consistency.ts';
import { Histogram } from './histogram.ts';
import { SetHistory } from './set-history.ts';

interface Told {
  readonly startMs: number;
  readonly endMs?: number;
  readonly order?: number;
  readonly endOrder?: number;
}

function keyOf(kind: KeyKind): number {
  return ALL_KEYS.findIndex((key) => key.kind === kind);
}

const PLAIN = keyOf('plain');

function read(
  key: number,
  own: number,
  { startMs, endMs = startMs, order = 0 }: Told,
  source: number = SOURCE.l1,
): number[] {
  return [KIND.read, key, own, 0, 0, 0, startMs, endMs, order, order, source, 0];
}

function change(
  component: number,
  version: number,
  told: Told,
  method: Method = 'delete',
  fate: number = FATE.acknowledged,
): number[] {
  const { startMs, endMs = startMs, order = 0, endOrder = order } = told;
  return [
    KIND.mutation,
    component,
    version,
    -1,
    -1,
    -1,
    startMs,
    endMs,
    order,
    endOrder,
    fate,
    METHODS.indexOf(method),
  ];
}

function setUp(workers = 2) {
  const breaches: Breach[] = [];
  const staleness = new Histogram();
  const consistency = new Consistency({
    maxStalenessMs: 1000,
    staleness,
    sets: new SetHistory(),
    onBreach: (breach) => breaches.push(breach),
  });
  for (let worker = 0; worker < workers; worker++) consistency.joined(worker, 0);
  const tell = (worker: number, untilMs: number, ...rows: number[][]): void => {
    expect(rows.every((row) => row.length === ROW_LENGTH)).toBe(true);
    consistency.take(worker, Float64Array.from(rows.flat()), untilMs);
  };
  return { breaches, consistency, staleness, tell, rules: () => breaches.map(({ rule }) => rule) };
}

it('finds a read that is staler than D, and none that is not', () => {
  const { tell, rules, staleness, consistency } = setUp();
  tell(0, 5000, change(PLAIN, 1, { startMs: 90, endMs: 100 }));
  tell(1, 5000, read(PLAIN, 0, { startMs: 1100 }));
  expect(rules()).toEqual([]);
  expect(staleness.maxMs).toBe(1000);
  tell(1, 5001, read(PLAIN, 0, { startMs: 1100.5 }), read(PLAIN, 1, { startMs: 4000 }));
  expect(rules()).toEqual(['stale']);
  expect(consistency.checkedReads).toBe(3);
});

it('waits until every process has told what it was acknowledged', () => {
  const { tell, rules } = setUp();
  tell(1, 3000, read(PLAIN, 0, { startMs: 2500 }));
  expect(rules()).toEqual([]);
  tell(0, 3000, change(PLAIN, 1, { startMs: 90, endMs: 100 }));
  expect(rules()).toEqual(['stale']);
});

it('does not wait for a process that is gone, nor heeds what comes from it later', () => {
  const { tell, rules, consistency } = setUp(3);
  tell(0, 3000, change(PLAIN, 1, { startMs: 90, endMs: 100 }));
  tell(1, 3000, read(PLAIN, 0, { startMs: 2500 }));
  expect(rules()).toEqual([]);
  consistency.left(2);
  expect(rules()).toEqual(['stale']);
  tell(2, 10, read(PLAIN, 0, { startMs: 2600 }));
  tell(1, 4000, read(PLAIN, 0, { startMs: 2700 }));
  tell(0, 4000);
  expect(rules()).toEqual(['stale', 'stale']);
});

it('finds what a process did not read of its own, by order and not by time (P2)', () => {
  const { tell, rules } = setUp();
  tell(0, 200, change(PLAIN, 1, { startMs: 90, endMs: 100, order: 1, endOrder: 3 }));
  tell(0, 200, read(PLAIN, 0, { startMs: 100, order: 2 }), read(PLAIN, 1, { startMs: 100, order: 4 }));
  expect(rules()).toEqual([]);
  tell(0, 200, read(PLAIN, 0, { startMs: 100, order: 4 }));
  expect(rules()).toEqual(['own-write']);
  tell(1, 200, read(PLAIN, 0, { startMs: 100, order: 4 }));
  expect(rules()).toEqual(['own-write']);
});

it('sets no floor for what was rejected', () => {
  const { tell, rules } = setUp();
  tell(
    0,
    5000,
    change(PLAIN, 1, { startMs: 90 }, 'delete', FATE.unknown),
    change(PLAIN, 2, { startMs: 95 }, 'delete', FATE.refused),
  );
  tell(1, 5000, read(PLAIN, 0, { startMs: 4000 }));
  expect(rules()).toEqual([]);
});

it('holds a value against the tag, the namespace and everything that it hangs on; a written key against itself alone', () => {
  const { tell, rules } = setUp();
  const written = keyOf('written');
  const groups = [PLAIN, written].map((index) => groupComponent(ALL_KEYS[index]!.group));
  tell(0, 5000, ...groups.map((group) => change(group, 1, { startMs: 90 }, 'invalidateTag')));
  tell(1, 5000, read(written, 0, { startMs: 4000 }));
  expect(rules()).toEqual([]);
  tell(1, 5001, read(PLAIN, 0, { startMs: 4000 }));
  expect(rules()).toEqual(['stale']);
});

it('lets a stale answer be older than an expiry, but not than a deletion', () => {
  const { tell, rules } = setUp();
  const graced = keyOf('graced');
  const stale = SOURCE.l2 + SOURCE.stale;
  tell(0, 5000, change(FIRST_FRESH + graced, 1, { startMs: 90 }, 'expire'));
  tell(1, 5000, read(graced, 0, { startMs: 4000 }, stale), read(graced, 1, { startMs: 4000 }));
  expect(rules()).toEqual([]);
  tell(1, 5001, read(graced, 0, { startMs: 4000 }));
  expect(rules()).toEqual(['stale']);
  tell(0, 5002, change(graced, 2, { startMs: 91 }));
  tell(1, 5002, read(graced, 1, { startMs: 4000 }, stale));
  expect(rules()).toEqual(['stale', 'stale']);
});

it('decides about sets when everything is known that went on meanwhile', () => {
  const { tell, rules, consistency } = setUp();
  const written = keyOf('written');
  tell(0, 1000, change(written, 6, { startMs: 100, endMs: 110, order: 1, endOrder: 2 }, 'set'));
  // The read is told before the set that it saw, and before what another process did to both.
  tell(0, 1000, read(written, 5, { startMs: 120, endMs: 130, order: 3 }));
  tell(0, 1000, change(written, 5, { startMs: 105, endMs: 131, order: 3, endOrder: 4 }, 'set'));
  tell(1, 1000, change(EVERYTHING, 1, { startMs: 112, endMs: 113 }, 'clear'));
  for (const worker of [0, 1]) tell(worker, 2000);
  expect(rules()).toEqual([]);
  expect(consistency.excused).toBe(1);
});

it('finds a lower version that was set with nothing between (P6)', () => {
  const { tell, rules, consistency } = setUp();
  const written = keyOf('written');
  tell(0, 1000, change(written, 6, { startMs: 100, endMs: 110, order: 1, endOrder: 2 }, 'set'));
  tell(0, 1000, read(written, 5, { startMs: 120, endMs: 130, order: 3 }));
  tell(0, 1000, change(written, 5, { startMs: 105, endMs: 131, order: 3, endOrder: 4 }, 'set'));
  expect(rules()).toEqual([]);
  consistency.finish();
  expect(rules()).toEqual(['own-write']);
});
