import type { Violation } from '../check/violation.ts';
import { monotonicMs } from '../monotonic.ts';
import type { ProveOptions } from '../options/prove-options.ts';
import type { WorkerTotals } from '../run/process-message.ts';
import type { Proof } from '../run/proof.ts';
import { availabilityFaults } from './availability-verdict.ts';

/** Milliseconds at half, at 99 of 100, and at most. */
interface Spread {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Everything that a run has found, as `--json` writes it. */
export interface Report {
  readonly format: 1;
  readonly proven: boolean;
  readonly interrupted: boolean;
  readonly options: ProveOptions;
  readonly seconds: number;
  readonly operations: number;
  readonly operationsPerSecond: number;
  readonly checkedReads: number;
  readonly staleServed: number;
  readonly excused: number;
  readonly hitRatio: number;
  readonly mutations: Readonly<
    Record<'calm' | 'troubled', { acknowledged: number; refused: number; unknown: number }>
  >;
  /** How long after an acknowledgement another process still read the older version. */
  readonly staleness: Spread;
  readonly readTimes: Spread;
  readonly mutationTimes: Spread;
  /** Sum over all processes of the time for which the machine had no time for them; stopped ones are in it. */
  readonly starvedMs: number;
  readonly recoveredHits: Spread;
  readonly recoveredAcks: Spread;
  readonly totals: WorkerTotals;
  readonly faults: readonly {
    readonly text: string;
    readonly startMs: number;
    readonly endMs: number | null;
  }[];
  readonly violations: readonly Violation[];
}

export function reportOf(options: ProveOptions, proof: Proof, interrupted: boolean): Report {
  const totals = sumOf([...proof.totals.values()]);
  const hitRatio = totals.hits / Math.max(1, totals.hits + totals.misses);
  if (!interrupted && proof.violations.length === 0) {
    for (const text of availabilityFaults(proof, hitRatio, options.writes, monotonicMs() - proof.originMs))
      proof.violate('availability', text);
  }
  const seconds = (monotonicMs() - proof.originMs) / 1000;
  const { consistency, availability, operations, originMs, violations } = proof;
  return {
    format: 1,
    proven: violations.length === 0 && !interrupted,
    interrupted,
    options,
    seconds,
    operations,
    operationsPerSecond: operations / seconds,
    checkedReads: consistency.checkedReads,
    staleServed: consistency.staleServed,
    excused: consistency.excused,
    hitRatio,
    mutations: { calm: availability.calm, troubled: availability.troubled },
    staleness: spreadOf(proof.staleness),
    readTimes: spreadOf(availability.readTimes),
    mutationTimes: spreadOf(availability.mutationTimes),
    starvedMs: availability.starvedTotalMs,
    recoveredHits: spreadOf(proof.recoveredHits),
    recoveredAcks: spreadOf(proof.recoveredAcks),
    totals,
    faults: proof.faults.map(({ text, startMs, endMs }) => ({
      text,
      startMs: startMs - originMs,
      endMs: endMs === null ? null : endMs - originMs,
    })),
    violations,
  };
}

function spreadOf(histogram: Proof['staleness']): Spread {
  const at = (share: number): number => histogram.quantileMs(share);
  return { count: histogram.count, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: histogram.maxMs };
}

const NOTHING: WorkerTotals = {
  hits: 0,
  misses: 0,
  staleHits: 0,
  loads: 0,
  joins: 0,
  refusedFills: 0,
  storeErrors: 0,
  storeTimeouts: 0,
  storeSkips: 0,
  unreadable: 0,
  breakerOpenings: 0,
  flushes: {},
};

function sumOf(all: readonly WorkerTotals[]): WorkerTotals {
  return all.reduce((sum, one) => {
    const numbers = Object.entries(sum).map(([name, value]) =>
      name === 'flushes'
        ? [name, sumOfRecords(sum.flushes, one.flushes)]
        : [name, (value as number) + (one[name as 'hits'] ?? 0)],
    );
    return Object.fromEntries(numbers) as WorkerTotals;
  }, NOTHING);
}

function sumOfRecords(
  one: Readonly<Record<string, number>>,
  other: Readonly<Record<string, number>>,
): Record<string, number> {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return Object.fromEntries([...names].map((name) => [name, (one[name] ?? 0) + (other[name] ?? 0)]));
}
