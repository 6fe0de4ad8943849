import type { BenchOptions } from '../options/bench-options.ts';
import { clients } from '../replay/clients.ts';
import { type ReplayConditions, type ReplayDriver, replay } from '../replay/replay.ts';
import type { ReplayResult } from '../replay/replay-result.ts';
import type { StoreServices } from '../store/store-services.ts';
import type { SubjectKind } from '../subject/subject.ts';
import { subjectsOf } from '../subject/subjects.ts';
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

/** A guess, for the time that a replay will take; the display corrects it as it goes. */
const MISS_SHARE = 0.35;

/** Replays one workload against every subject in turn, each with a cache and a source of its own. */
export function replayScenario(plan: ReplayPlan, options: BenchOptions, services: StoreServices): Scenario {
  const results: ReplayResult[] = [];
  const oneAtATime: OneAtATime[] = [];
  const subjects = subjectsOf(options.stores, services);

  const concurrent = subjects.map((subject): Step => {
    const boundMs = plan.boundMs(subject);
    const missMs = (MISS_SHARE * (options.latencyMs + 0.3)) / options.concurrency;
    return {
      label: `${plan.name} · ${subject.name}`,
      expectedMs: Math.min(boundMs, plan.requests * (subject.requestMs + missMs)),
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
      : subjects.filter(isMemory).map(
          (subject): Step => ({
            label: `${plan.name} · ${subject.name}, one request at a time`,
            expectedMs: plan.requests * subject.requestMs,
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

/** What one request at a time shows is how entries are evicted, and that happens in memory alone. */
function isMemory({ store }: SubjectKind): boolean {
  return store === 'memory';
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
