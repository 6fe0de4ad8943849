import type { Random } from '../random.ts';

/** What YCSB draws its requests with. */
const EXPONENT = 0.99;

/** Draws ranks from 0 up to `count − 1`, rank r with a probability proportional to 1 / (r + 1)^0.99. */
export function zipfRanks(count: number): (random: Random) => number {
  const cumulated = new Float64Array(count);
  let sum = 0;
  for (let rank = 0; rank < count; rank++) {
    sum += (rank + 1) ** -EXPONENT;
    cumulated[rank] = sum;
  }
  return (random) => {
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
