import type { Random } from './random.ts';

/** 0.99 is what YCSB draws its requests with. */
export const ZIPF_EXPONENT = 0.99;

/**
 * Prepares to draw ranks from 0 up to `count − 1`, rank r with a probability proportional to 1 / (r + 1)^exponent. By a
 * table of the cumulated probabilities, made once, and bisection: exact, and quick for the sizes of a benchmark.
 */
export function zipfRanks(count: number, exponent: number = ZIPF_EXPONENT): (random: Random) => () => number {
  const cumulated = new Float64Array(count);
  let sum = 0;
  for (let rank = 0; rank < count; rank++) {
    sum += (rank + 1) ** -exponent;
    cumulated[rank] = sum;
  }
  return (random) => () => {
    const drawn = random() * sum;
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((cumulated[middle] as number) > drawn) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}
