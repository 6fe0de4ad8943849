import { expect, it } from 'vitest';
import { FATE, KIND, SOURCE } from '../record/row.ts';
import { Availability } from './availability.ts';

function row(kind: number, startMs: number, endMs: number, outcome: number): number[] {
  return [kind, 0, 1, 0, 0, 0, startMs, endMs, 0, 0, outcome, 0];
}

it('counts mutations by whether a fault was about', () => {
  const availability = new Availability();
  availability.faultBegins(1000);
  availability.faultEnds('x', 2000, []);
  const rows = [
    row(KIND.mutation, 900, 990, FATE.acknowledged),
    row(KIND.mutation, 900, 1001, FATE.unknown),
    row(KIND.mutation, 4400, 4450, FATE.refused),
    row(KIND.mutation, 4600, 4650, FATE.refused),
  ];
  availability.take(0, Float64Array.from(rows.flat()));
  availability.settle();
  expect(availability.calm).toEqual({ acknowledged: 1, refused: 1, unknown: 0 });
  expect(availability.troubled).toEqual({ acknowledged: 0, refused: 1, unknown: 1 });
});

it('says when each process was back', () => {
  const availability = new Availability();
  availability.faultBegins(1000);
  availability.faultEnds('x', 2000, [3, 4]);
  const rows = [
    row(KIND.read, 1990, 2100, SOURCE.l1),
    row(KIND.read, 2010, 2200, SOURCE.loader),
    row(KIND.read, 2020, 2300, SOURCE.l2 + SOURCE.stale),
    row(KIND.read, 2500, 2501, SOURCE.l1),
    row(KIND.mutation, 2600, 2700, FATE.refused),
    row(KIND.mutation, 2700, 2800, FATE.acknowledged),
    row(KIND.mutation, 2700, 2900, FATE.acknowledged),
  ];
  availability.take(3, Float64Array.from(rows.flat()));
  expect(availability.recoveries).toEqual([
    { fault: 'x', worker: 3, endedMs: 2000, l1Ms: 501, l2Ms: 300, ackMs: 800 },
    { fault: 'x', worker: 4, endedMs: 2000, l1Ms: null, l2Ms: null, ackMs: null },
  ]);
});

it('adds up for how long somebody was starved, overlaps once', () => {
  const availability = new Availability();
  availability.starved(500, 700);
  availability.starved(100, 300);
  availability.starved(200, 400);
  expect(availability.starvedMs(150, 600)).toBe(350);
  expect(availability.starvedMs(700, 900)).toBe(0);
});
