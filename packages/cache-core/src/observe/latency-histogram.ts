/** Latencies in milliseconds; all 0 where nothing was recorded. */
export interface LatencySnapshot {
  readonly count: number;
  /** Exact. */
  readonly meanMs: number;
  /** Half of the latencies were at most this; like `p90Ms` and `p99Ms` within 5 % from 1 µs to 10 minutes. */
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  /** Exact. */
  readonly maxMs: number;
}

/** Buckets to each doubling. The middle of one is at most 1/32 of its value away from what it counts. */
const STEPS = 16;
/** 2^30 µs is more than 10 minutes. */
const DOUBLINGS = 30;
const LONGEST_US = 600_000_000;

/**
 * Percentiles of latencies in 4 KB, however many are recorded: buckets that double every sixteen, as HdrHistogram has
 * them. What is shorter than 1 µs counts as that, what is longer than 10 minutes as those, except in mean and maximum.
 */
export class LatencyHistogram {
  // Doubles rather than 32-bit numbers, which would overflow after a few hours of a busy cache.
  readonly #buckets = new Float64Array(STEPS * DOUBLINGS);
  #count = 0;
  #sumMs = 0;
  #maxMs = 0;

  /** What is negative or no finite number is not recorded. */
  record(ms: number): void {
    if (!(ms >= 0 && ms < Infinity)) return;
    const place = bucketOf(ms * 1000);
    this.#buckets[place] = (this.#buckets[place] as number) + 1;
    this.#count++;
    this.#sumMs += ms;
    if (ms > this.#maxMs) this.#maxMs = ms;
  }

  snapshot(): LatencySnapshot {
    const [p50Ms, p90Ms, p99Ms] = this.#percentiles([0.5, 0.9, 0.99]) as [number, number, number];
    const meanMs = this.#count === 0 ? 0 : this.#sumMs / this.#count;
    return { count: this.#count, meanMs, p50Ms, p90Ms, p99Ms, maxMs: this.#maxMs };
  }

  reset(): void {
    this.#buckets.fill(0);
    this.#count = 0;
    this.#sumMs = 0;
    this.#maxMs = 0;
  }

  /** By nearest rank; `shares` ascend. */
  #percentiles(shares: readonly number[]): number[] {
    let place = 0;
    let counted = this.#buckets[0] as number;
    return shares.map((share) => {
      const rank = Math.ceil(share * this.#count);
      if (rank === 0) return 0;
      while (counted < rank && place < this.#buckets.length - 1) counted += this.#buckets[++place] as number;
      return Math.min(middleOf(place) / 1000, this.#maxMs);
    });
  }
}

function bucketOf(us: number): number {
  const bounded = Math.max(1, Math.min(us, LONGEST_US));
  const doubling = 31 - Math.clz32(bounded);
  const step = Math.floor((bounded / (1 << doubling) - 1) * STEPS);
  return doubling * STEPS + step;
}

/** In microseconds. */
function middleOf(bucket: number): number {
  const doubling = Math.floor(bucket / STEPS);
  return (1 << doubling) * (1 + ((bucket % STEPS) + 0.5) / STEPS);
}
