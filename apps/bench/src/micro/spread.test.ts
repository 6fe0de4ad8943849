import { expect, it } from 'vitest';
import { ratios, spreadOf } from './spread.ts';

it('finds the quartiles, whatever the order', () => {
  expect(spreadOf([5, 1, 4, 2, 3])).toEqual({ min: 1, q1: 2, median: 3, q3: 4, max: 5 });
  expect(spreadOf([4, 1, 3, 2])).toEqual({ min: 1, q1: 1.75, median: 2.5, q3: 3.25, max: 4 });
  expect(spreadOf([7])).toEqual({ min: 7, q1: 7, median: 7, q3: 7, max: 7 });
});

it('compares within a round, so that a slow round cancels out', () => {
  expect(ratios([10, 20, 400], [10, 10, 200])).toEqual([1, 2, 2]);
});

it('leaves out a round that one of both did not finish', () => {
  expect(ratios([1, 2], [1])).toEqual([1]);
});
