import { readFileSync } from 'node:fs';
import { debuglog } from 'node:util';
import { type BenchOptions, readRequest } from './options/bench-options.ts';
import { HELP_TEXT } from './options/help-text.ts';
import { type Report, reportedOptions, thisMachine } from './report/report.ts';
import { prepareReportFiles, writeReportFiles } from './report/report-files.ts';
import { summaryText } from './report/summary.ts';
import { prepareScenarios } from './scenario/all-scenarios.ts';
import { type RunOutcome, runScenarios } from './scenario-runner.ts';
import { StoreServices } from './store/store-services.ts';
import { progressOn } from './terminal/progress.ts';
import { StopSignals } from './terminal/stop-signals.ts';
import { UsageError } from './usage-error.ts';

const EXIT = { done: 0, failed: 1, usage: 2 } as const;

const debug = debuglog('larder-bench');

/** The whole program. @param args the command line behind the program's name; answers the exit code */
export async function bench(args: readonly string[]): Promise<number> {
  try {
    const request = readRequest(args);
    if (request.kind === 'help') return print(HELP_TEXT);
    if (request.kind === 'version') return print(`${versionOf()}\n`);
    return await run(request.options);
  } catch (error) {
    process.stderr.write(`larder-bench: ${messageOf(error)}\n`);
    return error instanceof UsageError ? EXIT.usage : EXIT.failed;
  }
}

async function run(options: BenchOptions): Promise<number> {
  const services = new StoreServices();
  const scenarios = await prepareScenarios(options, services);
  await prepareReportFiles(options);
  const stop = new StopSignals();
  try {
    await services.open(options.stores);
    const startedAt = new Date().toISOString();
    const beganMs = performance.now();
    const outcome = await runScenarios(scenarios, progressOn(process.stdout), stop.signal);
    const report: Report = {
      format: 2,
      startedAt,
      seconds: (performance.now() - beganMs) / 1000,
      interrupted: stop.signal.aborted,
      failure: outcome.failure === null ? null : messageOf(outcome.failure),
      machine: thisMachine(),
      servers: services.facts(),
      options: reportedOptions(options),
      scenarios: outcome.results,
    };
    const files = await writeReportFiles(report, options);
    print(`\n${summaryText(outcome.results)}\n\nWritten: ${files.join(', ')}\n`);
    return exitCodeOf(outcome, stop);
  } finally {
    const left = await services.close();
    if (left !== null) process.stderr.write(`larder-bench: ${left}\n`);
    stop.off();
  }
}

function exitCodeOf({ failure }: RunOutcome, stop: StopSignals): number {
  if (failure !== null) {
    process.stderr.write(`larder-bench: ${messageOf(failure)}\n`);
    return EXIT.failed;
  }
  return stop.exitCode ?? EXIT.done;
}

function print(text: string): number {
  process.stdout.write(text);
  return EXIT.done;
}

/** One line; the stack for those who ask for it with `NODE_DEBUG=larder-bench`. */
function messageOf(error: unknown): string {
  debug('%O', error);
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/\s*\n\s*/g, ' ');
}

function versionOf(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
