import { expect, it } from 'vitest';
import { LatencyRecord } from './latency-record.ts';

it('answers percentiles by nearest rank, to three digits', () => {
  const record = new LatencyRecord();
  for (let n = 1000; n >= 1; n--) record.record(n / 100);
  const { meanMs, p50Ms, p90Ms, p99Ms, p999Ms, maxMs, curve } = record.summary();
  const near = (ms: number) => expect.closeTo(ms, 2);
  expect({ meanMs, p50Ms, p90Ms, p99Ms, p999Ms, maxMs }).toEqual({
    meanMs: near(5.005),
    p50Ms: near(5),
    p90Ms: near(9),
    p99Ms: near(9.9),
    p999Ms: near(9.99),
    maxMs: near(10),
  });
  const rising = curve.map(([, ms]) => ms);
  expect(rising).toEqual(rising.toSorted((a, b) => a - b));
});

it('tells less than a microsecond from nothing', () => {
  const record = new LatencyRecord();
  record.record(0.000_25);
  expect(record.summary().p50Ms).toBeCloseTo(0.000_25, 6);
});

it('is all zeros when nothing was recorded', () => {
  expect(new LatencyRecord().summary()).toEqual({
    meanMs: 0,
    p50Ms: 0,
    p90Ms: 0,
    p99Ms: 0,
    p999Ms: 0,
    maxMs: 0,
    curve: [],
  });
});
