import { expect, it } from 'vitest';
import { bytes, count, latency, nanoseconds, percent, rate, ratio, seconds, short } from './figures.ts';

it.each([
  [count(95_607), '95,607'],
  [percent(0.6847), '68.5 %'],
  [percent(1), '100.0 %'],
  [short(999.4), '999'],
  [short(999.7), '1.00k'],
  [short(21_340), '21.3k'],
  [short(999_600), '1.00M'],
  [rate(0), '0.00/s'],
  [latency(0), '0'],
  [latency(0.000_42), '0.42 µs'],
  [latency(0.9994), '999 µs'],
  [latency(0.9996), '1.00 ms'],
  [latency(2.134), '2.13 ms'],
  [latency(1500), '1.50 s'],
  [bytes(-5), '0'],
  [bytes(812_000), '812 kB'],
  [bytes(2_414_000), '2.41 MB'],
  [bytes(25_277_000_000), '25.3 GB'],
  [nanoseconds(102.4), '102 ns'],
  [ratio(1.084), '1.08'],
  [seconds(6200), '7 s'],
  [seconds(65_000), '1 min 05 s'],
  [seconds(-1), '0 s'],
])('%s', (written, expected) => {
  expect(written).toBe(expected);
});
