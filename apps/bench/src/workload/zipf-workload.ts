import { seededRandom } from './random.ts';
import type { Workload } from './workload.ts';
import { zipfRanks } from './zipf.ts';

/** Keys of the generated workloads: a default cache, a tenth of them, holds 10,000. */
export const GENERATED_KEYS = 100_000;

/**
 * Some keys much more often than others, as most services see it, without end. The keys are made once; each call of what
 * is answered begins the same requests anew.
 */
export function zipfWorkload(seed: number): () => Workload {
  const distinctKeys = GENERATED_KEYS;
  const keys = Array.from({ length: distinctKeys }, (_, rank) => `item:${rank}`);
  const ranks = zipfRanks(distinctKeys);
  return () => {
    const nextRank = ranks(seededRandom(seed));
    return { requests: Infinity, distinctKeys, next: () => keys[nextRank()] };
  };
}
