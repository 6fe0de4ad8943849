import { seededRandom } from './random.ts';
import type { Workload } from './workload.ts';
import { zipfRanks } from './zipf.ts';

/** Keys of the generated workloads: a default cache, a tenth of them, holds 10,000. */
export const GENERATED_KEYS = 100_000;

/** Some keys much more often than others, as most services see it, without end. */
export function zipfWorkload(seed: number, distinctKeys: number = GENERATED_KEYS): Workload {
  const keys = Array.from({ length: distinctKeys }, (_, rank) => `item:${rank}`);
  const nextRank = zipfRanks(distinctKeys, seededRandom(seed));
  return { requests: Infinity, distinctKeys, next: () => keys[nextRank()] };
}
