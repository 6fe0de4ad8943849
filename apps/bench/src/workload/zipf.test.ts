import { expect, it } from 'vitest';
import { seededRandom } from './random.ts';
import { zipfRanks } from './zipf.ts';

function draw(count: number, draws: number, exponent?: number): number[] {
  const next = zipfRanks(count, exponent)(seededRandom(42));
  const seen = new Array<number>(count).fill(0);
  for (let i = 0; i < draws; i++) {
    const rank = next();
    seen[rank] = (seen[rank] as number) + 1;
  }
  return seen;
}

it.each([0.5, 0.99, 1.5])('follows the distribution with exponent %s', (exponent) => {
  const [count, draws] = [50, 200_000];
  const seen = draw(count, draws, exponent);
  const weights = seen.map((_, rank) => (rank + 1) ** -exponent);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const expected = weights.map((weight) => (weight / sum) * draws);
  const chiSquare = seen.reduce((total, n, rank) => total + (n - expected[rank]!) ** 2 / expected[rank]!, 0);
  // 49 degrees of freedom: 85.4 would be passed by one seed in a thousand.
  expect(chiSquare).toBeLessThan(85.4);
});

it('draws evenly with exponent 0, and one key alone', () => {
  const seen = draw(10, 100_000, 0);
  for (const n of seen) expect(Math.abs(n - 10_000)).toBeLessThan(500);
  expect(draw(1, 100)).toEqual([100]);
});

it('is repeatable by its seed', () => {
  const ranksOf = (seed: number) => Array.from({ length: 20 }, zipfRanks(1000)(seededRandom(seed)));
  expect(ranksOf(7)).toEqual(ranksOf(7));
  expect(ranksOf(7)).not.toEqual(ranksOf(8));
});
