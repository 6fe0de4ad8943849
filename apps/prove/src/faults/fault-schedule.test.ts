import { expect, it } from 'vitest';
import { seededRandom } from '../random.ts';
import { FAULT_KINDS } from './fault.ts';
import { planFaults } from './fault-schedule.ts';

const plan = (seed: number, count: number) =>
  planFaults(seededRandom(seed), { count, workers: 3, kinds: null }).map(
    ({ kind, text }) => `${kind}: ${text}`,
  );

it('is the same for the same seed', () => {
  expect(plan(7, 50)).toEqual(plan(7, 50));
  expect(plan(7, 50)).not.toEqual(plan(8, 50));
});

it('has each kind once before any comes again', () => {
  const kinds = plan(3, FAULT_KINDS.length * 2).map((text) => text.split(':')[0]);
  expect(new Set(kinds.slice(0, FAULT_KINDS.length)).size).toBe(FAULT_KINDS.length);
  expect(new Set(kinds.slice(FAULT_KINDS.length)).size).toBe(FAULT_KINDS.length);
});

it('keeps to the kinds that are asked for', () => {
  const faults = planFaults(seededRandom(1), { count: 5, workers: 3, kinds: ['cut', 'flushall'] });
  expect(new Set(faults.map(({ kind }) => kind))).toEqual(new Set(['cut', 'flushall']));
});
