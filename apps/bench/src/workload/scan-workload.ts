import type { Workload } from './workload.ts';
import { GENERATED_KEYS, zipfWorkload } from './zipf-workload.ts';

/** Requests of the daily business for each one of a scan. */
const BUSINESS_PER_SCANNED = 4;

/**
 * The Zipf workload, interrupted by somebody who reads as many cold keys as the cache has room for, each once: a nightly
 * job, a crawler. Least-recently-used caches lose everything they hold to it.
 *
 * @param scanned keys of one scan
 */
export function scanWorkload(seed: number, scanned: number): () => Workload {
  const beginBusiness = zipfWorkload(seed);
  const coldKeys = Array.from({ length: GENERATED_KEYS }, (_, n) => `cold:${n}`);
  return () => {
    const business = beginBusiness();
    let position = 0;
    let cold = 0;
    return {
      requests: Infinity,
      distinctKeys: business.distinctKeys + coldKeys.length,
      next: () => {
        const inBusiness = position < scanned * BUSINESS_PER_SCANNED;
        position = (position + 1) % (scanned * (BUSINESS_PER_SCANNED + 1));
        if (inBusiness) return business.next();
        cold = (cold + 1) % coldKeys.length;
        return coldKeys[cold];
      },
    };
  };
}
