import type { Scenario, ScenarioResult, Step } from './scenario/scenario.ts';
import { WrongValue } from './source/slow-source.ts';
import { latency } from './terminal/figures.ts';
import type { Progress } from './terminal/progress.ts';

/** How a run ended. */
export interface RunOutcome {
  readonly results: readonly ScenarioResult[];
  /** What made it fail; null = nothing did. */
  readonly failure: unknown;
}

/**
 * Runs the steps of all scenarios one after the other, until the signal comes or one of them fails. What had been
 * measured by then is in the outcome.
 */
export async function runScenarios(
  scenarios: readonly Scenario[],
  progress: Progress,
  signal: AbortSignal,
): Promise<RunOutcome> {
  const steps = scenarios.flatMap((scenario) => scenario.steps);
  let failure: unknown = null;
  try {
    for (const [place, step] of steps.entries()) {
      if (signal.aborted) break;
      const laterMs = steps.slice(place + 1).reduce((sum, later) => sum + later.expectedMs, 0);
      await runStep(step, laterMs, progress, signal);
    }
  } catch (error) {
    failure = (await isAftermath(error, signal)) ? null : error;
  } finally {
    progress.close();
  }
  const results = scenarios.map((scenario) => scenario.result()).filter((result) => result !== null);
  return { results, failure };
}

/**
 * Whether something failed only because all is being stopped: Ctrl-C reaches a server that was given, and whatever else
 * runs in this terminal, as well. Its end may be noticed before the signal is.
 */
async function isAftermath(error: unknown, signal: AbortSignal): Promise<boolean> {
  if (error instanceof WrongValue) return false;
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  return signal.aborted;
}

async function runStep(step: Step, laterMs: number, progress: Progress, signal: AbortSignal): Promise<void> {
  const beganMs = performance.now();
  progress.begin(step.label, step.expectedMs + laterMs);
  const summary = await step.run({
    signal,
    report: (report) => {
      const elapsedMs = performance.now() - beganMs;
      progress.update(report, leftMs(step.expectedMs, elapsedMs, report.fraction) + laterMs);
    },
  });
  const took = latency(performance.now() - beganMs);
  const how = signal.aborted ? 'stopped' : took;
  progress.end(
    `${signal.aborted ? '■' : '✓'} ${step.label}  ${summary === '' ? '' : `${summary}  `}(${how})`,
  );
}

/** A guess becomes a forecast once there is enough to extrapolate from. */
function leftMs(expectedMs: number, elapsedMs: number, fraction: number): number {
  return fraction > 0.05 ? (elapsedMs / fraction) * (1 - fraction) : Math.max(0, expectedMs - elapsedMs);
}
