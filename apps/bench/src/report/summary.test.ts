import { expect, it } from 'vitest';
import { sampleReport } from '../../test/sample-report.ts';
import { summaryText } from './summary.ts';

it('prints what was found, the ratios of each scenario and of each operation', () => {
  const text = summaryText(sampleReport().scenarios);
  const line = (...words: string[]) =>
    new RegExp(words.map((word) => word.replace(/[.$()+]/g, '\\$&')).join('\\s+'));
  expect(text).toMatch(
    line(
      'trace',
      'larder, one at a time',
      '68.5 %',
      '68.5 %',
      '0.0 %',
      '0.0 %',
      '68.5 %',
      '30,116',
      '95,607',
    ),
  );
  expect(text).toMatch(
    line(
      ...['trace', 'larder', '60.6 %', '60.6 %', '0.0 %', '8.1 %', '68.7 %', '29,925', '41.7k/s'],
      ...['4.75 µs', '8.41 ms', '608 kB', '95,607'],
    ),
  );
  expect(text).toMatch(line('trace', 'lru-cache', '60.8 %', '60.8 %', '0.0 %', '0.0 %', '60.8 %'));
  expect(text).toMatch(line('trace', 'larder, L1 + L2', '75.0 %', '50.0 %', '25.0 %', '1.0 %', '76.0 %'));
  expect(text).toContain('(the source was asked instead): trace, larder, L1 + L2: 3.');
  expect(text).toMatch(
    line('larder get', '1.08', '1.30', 'within', '0.98–1.18', '0.88–1.28', '108 ns', '1.34 µs'),
  );
  expect(text).toMatch(line('larder peek', '1.34', '1.20', 'above'));
  expect(text).toMatch(line('larder', '107.2 B', '1.34'));
  expect(text).toMatch(line('larder get', '1.11', '1.35', 'within'));
  expect(text).toMatch(line('get, a hit', '200', 'MGET × 200'));
});

it('tells hits by tier only where there are two', () => {
  const text = summaryText(
    sampleReport().scenarios.map((result) =>
      result.kind === 'replay' ? { ...result, results: result.results.slice(0, 2) } : result,
    ),
  );
  expect(text).not.toContain('in L2');
  expect(text).toMatch(/trace +larder +60.6 % +8.1 % +68.7 %/);
});

it('prints nothing where nothing was measured', () => {
  expect(summaryText([])).toBe('');
});
