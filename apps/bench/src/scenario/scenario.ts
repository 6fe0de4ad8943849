import type { MicroResult } from '../micro/micro-result.ts';
import type { ReplayResult } from '../replay/replay-result.ts';
import type { ScenarioName } from './scenario-name.ts';

/** Something to measure, in steps that are run one after the other. */
export interface Scenario {
  readonly name: ScenarioName;
  readonly steps: readonly Step[];
  /** What has been measured so far; null = nothing yet. */
  result(): ScenarioResult | null;
}

export interface Step {
  /** What is running, for people: `zipf · larder`. */
  readonly label: string;
  /** A guess, for the time left. */
  readonly expectedMs: number;
  /** Resolves early, with what it has, when the signal is aborted. Answers what it found in a few words, or `''`. */
  run(monitor: StepMonitor): Promise<string>;
}

/** How a step can be stopped, and where it says how far it is. */
export interface StepMonitor {
  readonly signal: AbortSignal;
  report(progress: StepProgress): void;
}

export interface StepProgress {
  /** From 0 to 1. */
  readonly fraction: number;
  /** Requests a second. */
  readonly rate?: number;
  readonly hitRatio?: number;
  /** Anything else worth a few words. */
  readonly detail?: string;
}

export type ScenarioResult = ReplayScenarioResult | MicroResult;

/** One workload against several subjects. */
export interface ReplayScenarioResult {
  readonly kind: 'replay';
  readonly name: ScenarioName;
  /** What was replayed, in a sentence. */
  readonly description: string;
  readonly distinctKeys: number;
  readonly maxEntries: number;
  readonly results: readonly ReplayResult[];
  /** The same requests, one after the other: what the eviction policy alone makes of them. Traces only. */
  readonly oneAtATime: readonly OneAtATime[];
}

export interface OneAtATime {
  readonly subject: string;
  readonly requests: number;
  readonly hitRatio: number;
}
