import { expect, it } from 'vitest';
import { Floor, type FloorStep, Floors } from './floor.ts';

function step(at: number, version: number): FloorStep {
  return { at, version, startMs: at - 1, ackMs: at, by: 0, method: 'delete' };
}

it('names the first change that a version has not seen', () => {
  const floor = new Floor();
  for (const [at, version] of [
    [10, 1],
    [20, 4],
    [30, 9],
  ] as const)
    floor.add(step(at, version));
  expect([0, 1, 3, 4, 8, 9, 10].map((version) => floor.firstAbove(version)?.at)).toEqual([
    10,
    20,
    20,
    30,
    30,
    undefined,
    undefined,
  ]);
});

it('is not lowered by an older change that is acknowledged later', () => {
  const floor = new Floor();
  floor.add(step(10, 5));
  floor.add(step(20, 3));
  expect(floor.firstAbove(4)?.at).toBe(10);
  expect(floor.firstAbove(5)).toBeUndefined();
});

it('forgets only what is old', () => {
  const floor = new Floor();
  for (let version = 1; version <= 2000; version++) floor.add(step(version, version));
  expect(floor.firstAbove(1990)?.at).toBe(1991);
  expect(floor.firstAbove(0)?.at).toBeGreaterThan(1000);
});

it('keeps components apart', () => {
  const floors = new Floors();
  floors.add(1, step(10, 1));
  expect(floors.firstAbove(1, 0)?.at).toBe(10);
  expect(floors.firstAbove(2, 0)).toBeUndefined();
});
