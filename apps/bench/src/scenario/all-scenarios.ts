import type { BenchOptions } from '../options/bench-options.ts';
import { scanScenario, stampedeScenario, zipfScenario } from './generated-scenario.ts';
import { microScenario } from './micro-scenario.ts';
import type { Scenario } from './scenario.ts';
import type { ScenarioName } from './scenario-name.ts';
import { traceScenario } from './trace-scenario.ts';

type ScenarioFactory = (options: BenchOptions) => Scenario | Promise<Scenario>;

const FACTORIES: Readonly<Record<ScenarioName, ScenarioFactory>> = {
  trace: traceScenario,
  zipf: zipfScenario,
  scan: scanScenario,
  stampede: stampedeScenario,
  micro: microScenario,
};

/** The scenarios that were asked for, ready to run. @throws UsageError where one cannot be prepared */
export async function prepareScenarios(options: BenchOptions): Promise<Scenario[]> {
  const prepared: Scenario[] = [];
  for (const name of options.scenarios) prepared.push(await FACTORIES[name](options));
  return prepared;
}
