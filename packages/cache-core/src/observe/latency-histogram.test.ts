import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LatencyHistogram } from './latency-histogram.ts';

function exact(latencies: readonly number[], share: number): number {
  const sorted = latencies.toSorted((a, b) => a - b);
  return sorted[Math.ceil(share * sorted.length) - 1] as number;
}

describe('LatencyHistogram', () => {
  it('is all zeros when empty, and after a reset', () => {
    const histogram = new LatencyHistogram();
    const empty = { count: 0, meanMs: 0, p50Ms: 0, p90Ms: 0, p99Ms: 0, maxMs: 0 };
    expect(histogram.snapshot()).toEqual(empty);
    histogram.record(5);
    histogram.reset();
    expect(histogram.snapshot()).toEqual(empty);
  });

  it('keeps within 5 % of exact percentiles from 1 µs to 10 minutes', () => {
    const latency = fc.oneof(
      fc.double({ min: 0.001, max: 600_000, noNaN: true }),
      fc.double({ min: 0.001, max: 1, noNaN: true }),
      fc
        .double({ min: Math.log(0.001), max: Math.log(600_000), noNaN: true })
        .map((power) => Math.min(600_000, Math.exp(power))),
    );
    fc.assert(
      fc.property(fc.array(latency, { minLength: 1, maxLength: 300 }), (latencies) => {
        const histogram = new LatencyHistogram();
        for (const ms of latencies) histogram.record(ms);
        const { count, meanMs, p50Ms, p90Ms, p99Ms, maxMs } = histogram.snapshot();
        expect(count).toBe(latencies.length);
        expect(maxMs).toBe(Math.max(...latencies));
        expect(meanMs).toBeCloseTo(latencies.reduce((sum, ms) => sum + ms, 0) / latencies.length, 5);
        for (const [share, measured] of [
          [0.5, p50Ms],
          [0.9, p90Ms],
          [0.99, p99Ms],
        ] as const) {
          const expected = exact(latencies, share);
          expect(Math.abs(measured - expected) / expected).toBeLessThanOrEqual(0.05);
        }
        expect(p50Ms).toBeLessThanOrEqual(p90Ms);
        expect(p90Ms).toBeLessThanOrEqual(p99Ms);
        expect(p99Ms).toBeLessThanOrEqual(maxMs);
      }),
    );
  });

  it('counts what lies outside its range at its ends', () => {
    const histogram = new LatencyHistogram();
    for (const ms of [0, 1e-9, 3_600_000]) histogram.record(ms);
    const { count, p50Ms, p99Ms, maxMs } = histogram.snapshot();
    expect(count).toBe(3);
    expect(p50Ms).toBeLessThan(0.0011);
    expect(p99Ms / 600_000).toBeCloseTo(1, 1);
    expect(maxMs).toBe(3_600_000);
  });

  it('ignores what is no latency', () => {
    const histogram = new LatencyHistogram();
    for (const ms of [-1, Number.NaN, Infinity, -Infinity]) histogram.record(ms);
    expect(histogram.snapshot().count).toBe(0);
  });
});
