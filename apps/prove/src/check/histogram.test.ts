import { expect, it } from 'vitest';
import { Histogram } from './histogram.ts';

it('answers quantiles to a millisecond, and the largest exactly', () => {
  const histogram = new Histogram();
  expect(histogram.quantileMs(0.5)).toBe(0);
  for (let ms = 0; ms < 100; ms++) histogram.add(ms + 0.5);
  expect(histogram.quantileMs(0.5)).toBe(50);
  expect(histogram.quantileMs(0.99)).toBe(99);
  expect(histogram.quantileMs(1)).toBe(99.5);
  expect(histogram).toMatchObject({ count: 100, maxMs: 99.5 });
});
