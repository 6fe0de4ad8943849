/** Every scenario, in the order in which they run. */
export const SCENARIO_NAMES = ['trace', 'zipf', 'scan', 'stampede', 'micro'] as const;
export type ScenarioName = (typeof SCENARIO_NAMES)[number];
