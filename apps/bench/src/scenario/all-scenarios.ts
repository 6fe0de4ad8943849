import type { BenchOptions } from '../options/bench-options.ts';
import type { StoreServices } from '../store/store-services.ts';
import { scanScenario, stampedeScenario, zipfScenario } from './generated-scenario.ts';
import { microScenario } from './micro-scenario.ts';
import type { Scenario } from './scenario.ts';
import type { ScenarioName } from './scenario-name.ts';
import { traceScenario } from './trace-scenario.ts';

/** One for each store where what is measured is not the same for all. */
type ScenarioFactory = (
  options: BenchOptions,
  services: StoreServices,
) => Scenario | Promise<Scenario> | readonly Scenario[];

const FACTORIES: Readonly<Record<ScenarioName, ScenarioFactory>> = {
  trace: traceScenario,
  zipf: zipfScenario,
  scan: scanScenario,
  stampede: stampedeScenario,
  micro: (options, services) => options.stores.map((store) => microScenario(options, store, services)),
};

/**
 * The scenarios that were asked for, ready to run as soon as the services are open.
 * @throws UsageError where one cannot be prepared
 */
export async function prepareScenarios(options: BenchOptions, services: StoreServices): Promise<Scenario[]> {
  const prepared: Scenario[] = [];
  for (const name of options.scenarios) prepared.push(...[await FACTORIES[name](options, services)].flat());
  return prepared;
}
