import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

/** Latencies of one replay, in milliseconds. */
export interface LatencySummary {
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
  /** Percentiles from the median to the slowest, for a plot: percent and milliseconds. */
  readonly curve: readonly (readonly [percent: number, ms: number])[];
}

const NS_PER_MS = 1e6;
const LONGEST_NS = 120_000 * NS_PER_MS;
const CURVE = [0, 10, 20, 30, 40, 50, 60, 70, 75, 80, 85, 90, 92.5, 95, 97, 98, 99, 99.5, 99.9, 99.95, 99.99];

/** Keeps latencies from a nanosecond to two minutes to three digits (Node's own HDR histogram). */
export class LatencyRecord {
  readonly #histogram: RecordableHistogram = createHistogram({ lowest: 1, highest: LONGEST_NS, figures: 3 });

  record(ms: number): void {
    this.#histogram.record(Math.min(LONGEST_NS, Math.max(1, Math.round(ms * NS_PER_MS))));
  }

  summary(): LatencySummary {
    const histogram = this.#histogram;
    const empty = histogram.count === 0;
    const at = (percent: number): number =>
      empty ? 0 : histogram.percentile(Math.max(percent, 1e-6)) / NS_PER_MS;
    return {
      meanMs: empty ? 0 : histogram.mean / NS_PER_MS,
      p50Ms: at(50),
      p90Ms: at(90),
      p99Ms: at(99),
      p999Ms: at(99.9),
      maxMs: empty ? 0 : histogram.max / NS_PER_MS,
      curve: empty ? [] : CURVE.map((percent) => [percent, at(percent)] as const),
    };
  }
}
