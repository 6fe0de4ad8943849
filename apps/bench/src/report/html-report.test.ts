import { expect, it } from 'vitest';
import { sampleReport } from '../../test/sample-report.ts';
import { htmlReport } from './html-report.ts';

it('has in it what was run, on what, and every figure', () => {
  const html = htmlReport(sampleReport());
  for (const fact of [
    'Node 20.19.0 on linux x64, 2 CPUs',
    'answers after 2.00 ms',
    '48 in flight',
    'memory, redis; in memory 1,376 entries',
    'redis 7.0.15, started by this run',
  ]) {
    expect(html).toContain(fact);
  }
  for (const figure of ['68.5 %', '41.7k/s', '8.41 ms', '1.08', '107.2 B', '25.0 %', '1.11', 'MGET × 200'])
    expect(html).toContain(`>${figure}</td>`);
  expect(html).toContain('The trace &lt;sample&gt; &amp; more');
});

it('carries the whole report as JSON', () => {
  const json = /<script type="application\/json" id="report">(.*?)<\/script>/s.exec(
    htmlReport(sampleReport()),
  )?.[1];
  expect(JSON.parse(json ?? '')).toEqual(sampleReport());
});

it('fetches nothing, and draws each plot for a screen and for a phone', () => {
  const html = htmlReport(sampleReport());
  expect(html).not.toMatch(/\b(src|href)=|@import|url\(/);
  const titles = [
    'Loads saved',
    'Throughput',
    'Latency',
    'CPU time of one operation, as a ratio to lru-cache',
    'Memory of an entry',
    'CPU time of one operation, as a ratio to the bare client',
  ];
  for (const title of titles) expect(html).toContain(`<h3>${title}`);
  expect(html.match(/<div class="wide">.*?<svg/gs)).toHaveLength(titles.length);
  expect(html.match(/<div class="narrow">.*?<svg/gs)).toHaveLength(titles.length);
  expect(html).not.toMatch(/NaN|undefined/);
});

it('says so when a run failed, was stopped, or measured nothing', () => {
  const report = sampleReport();
  expect(htmlReport({ ...report, failure: 'wrong value: <x>' })).toContain(
    'This run failed: wrong value: &lt;x&gt;',
  );
  expect(htmlReport({ ...report, interrupted: true })).toContain('This run was stopped before its end');
  expect(htmlReport({ ...report, scenarios: [] })).toContain('Nothing had been measured');
});
