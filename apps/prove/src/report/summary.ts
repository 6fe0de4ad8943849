import type { Violation } from '../check/violation.ts';
import type { Report } from './report.ts';

/** What a run has found, for a person. */
export function summaryText(report: Report): string {
  const { totals, mutations, staleness, options, violations } = report;
  const broken = (rule: Violation['rule']): number => violations.filter((one) => one.rule === rule).length;
  const { calm, troubled } = mutations;
  const calmAll = calm.acknowledged + calm.refused + calm.unknown;
  const troubledAll = troubled.acknowledged + troubled.refused + troubled.unknown;
  const lines = [
    `${count(report.operations)} operations in ${report.seconds.toFixed(0)} s (${count(report.operationsPerSecond)}/s), ${options.processes} processes, ${report.faults.length} faults, seed ${options.seed}`,
    `reads checked             ${count(report.checkedReads)}`,
    `  staler than D (1 s)     ${broken('stale')}`,
    `  own writes not read     ${broken('own-write')}`,
    `  rejected                ${broken('read-rejected')}`,
    `  wrong values            ${broken('wrong-value')}`,
    `  served as stale (grace) ${count(report.staleServed)}`,
    `  excused (${'set'} after a loss) ${count(report.excused)}`,
    `mutations acknowledged    ${count(calm.acknowledged)} of ${count(calmAll)} in calm, ${count(troubled.acknowledged)} of ${count(troubledAll)} near faults (${count(troubled.refused)} refused, ${count(troubled.unknown)} unknown)`,
    `seen late by others       ${count(staleness.count)} reads: p50 ${ms(staleness.p50Ms)}, p99 ${ms(staleness.p99Ms)}, max ${ms(staleness.maxMs)}`,
    `recovered after           hit in memory p50 ${ms(report.recoveredHits.p50Ms)}, max ${ms(report.recoveredHits.maxMs)}; acknowledgement p50 ${ms(report.recoveredAcks.p50Ms)}, max ${ms(report.recoveredAcks.maxMs)}`,
    `read took                 p50 ${ms(report.readTimes.p50Ms)}, p99 ${ms(report.readTimes.p99Ms)}, max ${ms(report.readTimes.maxMs)}`,
    `mutation took             p50 ${ms(report.mutationTimes.p50Ms)}, p99 ${ms(report.mutationTimes.p99Ms)}, max ${ms(report.mutationTimes.maxMs)}`,
    `hit ratio                 ${(report.hitRatio * 100).toFixed(1)} %; ${count(totals.loads)} loads, ${count(totals.joins)} joined, ${count(totals.refusedFills)} fills refused`,
    `store                     ${count(totals.storeErrors)} errors (${count(totals.storeTimeouts)} time-outs), ${count(totals.storeSkips)} skipped, ${count(totals.breakerOpenings)} breaker openings, ${count(totals.unreadable)} unreadable entries`,
    `processes starved         ${(report.starvedMs / 1000).toFixed(1)} s in sum`,
    `memory emptied            ${flushesText(totals.flushes)}`,
  ];
  return lines.join('\n');
}

/** A violation with all that is known of it. */
export function violationText({ rule, atMs, text, evidence }: Violation): string {
  const lines = [
    `VIOLATION ${rule} at ${(atMs / 1000).toFixed(3)} s: ${text}`,
    ...evidence.map((line) => `    ${line}`),
  ];
  return lines.join('\n');
}

function flushesText(flushes: Readonly<Record<string, number>>): string {
  const parts = Object.entries(flushes).map(([cause, times]) => `${cause} ${count(times)}`);
  return parts.length === 0 ? 'never' : parts.join(', ');
}

const WHOLE = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

function count(value: number): string {
  return WHOLE.format(value);
}

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}
