import type { BenchOptions } from '../options/bench-options.ts';
import { clients } from '../replay/clients.ts';
import { type ReplayConditions, type ReplayDriver, replay } from '../replay/replay.ts';
import type { ReplayResult } from '../replay/replay-result.ts';
import { larder } from '../subject/larder.ts';
import { lruCache } from '../subject/lru-cache.ts';
import { noCache } from '../subject/no-cache.ts';
import type { SubjectKind } from '../subject/subject.ts';
import { percent } from '../terminal/figures.ts';
import { replayLine } from '../terminal/step-line.ts';
import type { Workload } from '../workload/workload.ts';
import type { OneAtATime, Scenario, Step, StepMonitor } from './scenario.ts';
import type { ScenarioName } from './scenario-name.ts';

export interface ReplayPlan {
  readonly name: ScenarioName;
  readonly description: string;
  readonly distinctKeys: number;
  /** From the first request to the last; `Infinity` = until the time is over. */
  readonly requests: number;
  readonly maxEntries: number;
  /** A driver for one replay, at the beginning of the workload. */
  readonly driver: () => ReplayDriver;
  /** How long each subject may take. */
  readonly boundMs: (subject: SubjectKind) => number;
  /** The workload for a pass of one request at a time; null = none. */
  readonly oneAtATime: (() => Workload) | null;
}

const SUBJECTS: readonly SubjectKind[] = [larder, lruCache, noCache];
const CACHES: readonly SubjectKind[] = [larder, lruCache];

// Guesses of the time that a replay will take; the display corrects them as it goes.
const REQUEST_MS = 0.003;
const MISS_SHARE = 0.35;

/** Replays one workload against every subject in turn, each with a cache and a source of its own. */
export function replayScenario(plan: ReplayPlan, options: BenchOptions): Scenario {
  const results: ReplayResult[] = [];
  const oneAtATime: OneAtATime[] = [];

  const concurrent = SUBJECTS.map((subject): Step => {
    const boundMs = plan.boundMs(subject);
    const missMs = (MISS_SHARE * (options.latencyMs + 0.3)) / options.concurrency;
    return {
      label: `${plan.name} · ${subject.name}`,
      expectedMs: Math.min(boundMs, plan.requests * (REQUEST_MS + missMs)),
      run: async (monitor) => {
        // Without an end of its own a workload goes as far as the first subject came, so that all see the same of it.
        const requests = Math.min(plan.requests, results[0]?.requests ?? Infinity);
        const conditions = conditionsOf({ ...plan, requests }, options, boundMs, monitor);
        const result = await replay(subject, plan.driver(), conditions);
        results.push(result);
        return replayLine(result);
      },
    };
  });

  const { oneAtATime: workloadOf } = plan;
  const sequential =
    workloadOf === null
      ? []
      : CACHES.map(
          (subject): Step => ({
            label: `${plan.name} · ${subject.name}, one request at a time`,
            expectedMs: plan.requests * REQUEST_MS,
            run: async (monitor) => {
              const conditions = {
                ...conditionsOf(plan, options, Infinity, monitor),
                latencyMs: 0,
                concurrency: 1,
              };
              const { requests, hitRatio, end } = await replay(subject, clients(workloadOf()), conditions);
              if (end === 'complete') oneAtATime.push({ subject: subject.name, requests, hitRatio });
              return `hits ${percent(hitRatio)}`;
            },
          }),
        );

  const { name, description, distinctKeys, maxEntries } = plan;
  return {
    name,
    steps: [...sequential, ...concurrent],
    result: () =>
      results.length + oneAtATime.length === 0
        ? null
        : { kind: 'replay', name, description, distinctKeys, maxEntries, results, oneAtATime },
  };
}

function conditionsOf(
  { maxEntries, requests: total }: ReplayPlan,
  { latencyMs, valueBytes, concurrency }: BenchOptions,
  boundMs: number,
  monitor: StepMonitor,
): ReplayConditions {
  return {
    maxEntries,
    latencyMs,
    valueBytes,
    concurrency,
    boundMs,
    maxRequests: total,
    signal: monitor.signal,
    onProgress: ({ requests, elapsedMs, hitRatio }) => {
      const fraction = Math.max(requests / total, elapsedMs / boundMs);
      monitor.report({ fraction, rate: (requests / elapsedMs) * 1000, hitRatio });
    },
  };
}
