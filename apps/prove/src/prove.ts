import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { debuglog } from 'node:util';
import { monotonicMs } from './monotonic.ts';
import { HELP_TEXT } from './options/help-text.ts';
import { type ProveOptions, readRequest } from './options/prove-options.ts';
import { ProgressLine } from './report/progress.ts';
import { type Report, reportOf } from './report/report.ts';
import { summaryText, violationText } from './report/summary.ts';
import { MAX_STALENESS_MS } from './run/fleet.ts';
import { Proof } from './run/proof.ts';
import { Run } from './run/run.ts';
import { StopSignals } from './stop-signals.ts';
import { UsageError } from './usage-error.ts';

const EXIT = { proven: 0, failed: 1, usage: 2 } as const;

const debug = debuglog('larder-prove');

/** The whole program. @param args the command line behind the program's name; answers the exit code */
export async function prove(args: readonly string[]): Promise<number> {
  try {
    const request = readRequest(args);
    if (request.kind === 'help') return print(HELP_TEXT);
    if (request.kind === 'version') return print(`${versionOf()}\n`);
    return await run(request.options);
  } catch (error) {
    debug('%O', error);
    process.stderr.write(`larder-prove: ${error instanceof Error ? error.message : String(error)}\n`);
    return error instanceof UsageError ? EXIT.usage : EXIT.failed;
  }
}

async function run(options: ProveOptions): Promise<number> {
  const stop = new StopSignals();
  const proof = new Proof(MAX_STALENESS_MS, (violation) => line.say(violationText(violation)));
  const seconds = (): string => ((monotonicMs() - proof.originMs) / 1000).toFixed(1).padStart(6);
  const running = new Run({
    options,
    proof,
    signal: stop.signal,
    onFault: (fault, number) =>
      line.say(`${seconds()} s  fault ${number} of ${options.faults}, ${fault.kind}: ${fault.text}`),
  });
  const line = new ProgressLine(process.stdout, () => progressText(proof, running));
  try {
    await running.run();
    line.close();
    const report = reportOf(options, proof, stop.signal.aborted);
    if (options.jsonFile !== null) await writeFile(options.jsonFile, `${JSON.stringify(report, null, 2)}\n`);
    print(`\n${summaryText(report)}\n${verdict(report)}\n`);
    return stop.exitCode ?? (report.proven ? EXIT.proven : EXIT.failed);
  } finally {
    line.close();
    stop.off();
  }
}

function verdict({ proven, interrupted, violations, options }: Report): string {
  if (violations.length > 0)
    return `NOT PROVEN: ${violations.length} violations, see above. Again: --seed ${options.seed}`;
  if (proven) return 'Proven: no violation.';
  return interrupted ? 'Stopped before the end; no violation so far.' : '';
}

function progressText(proof: Proof, running: Run): string {
  const elapsedS = (monotonicMs() - proof.originMs) / 1000;
  const { fraction } = running;
  const left = fraction > 0 ? `${Math.ceil(elapsedS / fraction - elapsedS)} s left` : '';
  const rate = Math.round(proof.operations / elapsedS);
  return `${elapsedS.toFixed(1).padStart(6)} s  ${String(Math.floor(fraction * 100)).padStart(3)} %  ${proof.operations} operations, ${rate}/s, ${proof.violations.length} violations, ${left}`;
}

function print(text: string): number {
  process.stdout.write(text);
  return EXIT.proven;
}

function versionOf(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
