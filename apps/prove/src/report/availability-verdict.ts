import type { Proof } from '../run/proof.ts';

/** Of the mutations far from any fault; the rest is what a machine busy with ten processes loses by itself. */
const LEAST_ACKNOWLEDGED = 0.999;
/** With everything invalidated every few seconds and emptied by faults besides; far more means that a tier does not work. */
const LEAST_HIT_RATIO = 0.5;
/** Who writes more than is usual has fewer hits, and that is as it should be. */
const MOST_WRITES = 2;
/** Too few operations say nothing about shares. */
const LEAST_MUTATIONS = 200;
const LEAST_READS = 10_000;
/** A machine that makes its processes wait for a larger share of the time shows its own speed, not that of a cache. */
const MOST_STARVED = 0.2;

/** What was wanting of availability: a cache that rejects everything looks consistent. */
export function availabilityFaults(
  { availability, consistency }: Proof,
  hitRatio: number,
  writes: number,
  ranMs: number,
): string[] {
  const { acknowledged, refused, unknown } = availability.calm;
  const calm = acknowledged + refused + unknown;
  const faults: string[] = [];
  if (calm >= LEAST_MUTATIONS && acknowledged / calm < LEAST_ACKNOWLEDGED) {
    faults.push(
      `only ${acknowledged} of ${calm} mutations far from any fault were acknowledged (${LEAST_ACKNOWLEDGED} of them must be)`,
    );
  }
  const judged =
    writes <= MOST_WRITES &&
    consistency.checkedReads >= LEAST_READS &&
    availability.starvedTotalMs < MOST_STARVED * ranMs;
  if (judged && hitRatio < LEAST_HIT_RATIO)
    faults.push(`the hit ratio is ${hitRatio.toFixed(3)}, below ${LEAST_HIT_RATIO}`);
  return faults;
}
