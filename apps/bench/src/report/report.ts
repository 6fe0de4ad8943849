import { availableParallelism, totalmem } from 'node:os';
import { basename } from 'node:path';
import type { BenchOptions } from '../options/bench-options.ts';
import type { ScenarioResult } from '../scenario/scenario.ts';
import type { ServerFacts } from '../store/redis-service.ts';

/** Everything a run has found, as it is written to `report.json`. */
export interface Report {
  /** Of this file's form; a later form has a higher one. */
  readonly format: 2;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly seconds: number;
  /** Somebody stopped it: not everything that was asked for is here. */
  readonly interrupted: boolean;
  /** Why the run failed; null = it did not. */
  readonly failure: string | null;
  readonly machine: Machine;
  /** The servers of stores that have one, by store. */
  readonly servers: Readonly<Record<string, ServerFacts>>;
  readonly options: ReportedOptions;
  readonly scenarios: readonly ScenarioResult[];
}

/** On what it ran. Nothing that tells whose machine it is. */
export interface Machine {
  readonly node: string;
  readonly v8: string;
  readonly platform: string;
  readonly cpus: number;
  readonly memoryBytes: number;
}

/** The options without the places of files: of a trace only its name. */
export type ReportedOptions = Omit<BenchOptions, 'traceFile' | 'jsonFile' | 'outFolder'> & {
  readonly trace: string | null;
};

export function thisMachine(): Machine {
  return {
    node: process.version,
    v8: process.versions.v8,
    platform: `${process.platform} ${process.arch}`,
    cpus: availableParallelism(),
    memoryBytes: totalmem(),
  };
}

export function reportedOptions(options: BenchOptions): ReportedOptions {
  const { traceFile, jsonFile: _json, outFolder: _out, ...rest } = options;
  return { ...rest, trace: traceFile === null ? null : basename(traceFile) };
}
