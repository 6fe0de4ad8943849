import type { StepMonitor } from '../scenario/scenario.ts';
import type { MicroGroup } from './micro-catalog.ts';
import type { MicroRow } from './micro-result.ts';
import type { MicroSettings } from './micro-settings.ts';
import { ratios, spreadOf } from './spread.ts';
import { SubjectHandle } from './subject-handle.ts';

const LEAST_ROUNDS = 3;
const MOST_ROUNDS = 60;

interface Runner {
  readonly name: string;
  readonly bound: number | null;
  readonly control: boolean;
  readonly member: number;
  readonly handle: SubjectHandle;
  readonly cpuNs: number[];
}

/**
 * Measures the members of a group in interleaved rounds, each in a process of its own: A B C, B C A, C A B. The limit
 * runs twice, in two processes: how far those two are apart is the noise.
 *
 * @param boundMs for the rounds; three are made in any case, unless the signal comes
 */
export async function measureGroup(
  group: MicroGroup,
  groupPlace: number,
  settings: MicroSettings,
  boundMs: number,
  monitor: StepMonitor,
): Promise<MicroRow[]> {
  const runners = runnersOf(group);
  try {
    monitor.report({ fraction: 0, detail: 'warming up' });
    const ready = Promise.all(
      runners.map(({ handle, member }) => handle.prepare(groupPlace, member, settings)),
    );
    await unlessAborted(ready, monitor.signal);
    const beganMs = performance.now();
    for (let round = 0; round < MOST_ROUNDS && !monitor.signal.aborted; round++) {
      const fraction = (performance.now() - beganMs) / boundMs;
      if (fraction >= 1 && round >= LEAST_ROUNDS) break;
      monitor.report({ fraction: Math.max(fraction, round / MOST_ROUNDS), detail: `round ${round + 1}` });
      await unlessAborted(oneRound(runners, round), monitor.signal);
    }
    return rowsOf(group, runners);
  } finally {
    await Promise.all(runners.map(({ handle }) => handle.stop()));
  }
}

function runnersOf(group: MicroGroup): Runner[] {
  const runners = group.members.map(({ name, bound = null }, member) => ({ name, bound, control: false, member }));
  const [limit] = runners;
  const twice = limit === undefined ? [] : [{ ...limit, name: `${limit.name}, again`, control: true }];
  return [...runners, ...twice].map((runner) => ({ ...runner, handle: new SubjectHandle(), cpuNs: [] }));
}

/** Everybody's turn, one after the other; the first of one round is the last of the next. */
async function oneRound(runners: readonly Runner[], round: number): Promise<void> {
  const first = round % runners.length;
  const measured = new Map<Runner, number>();
  for (const runner of [...runners.slice(first), ...runners.slice(0, first)]) {
    measured.set(runner, await runner.handle.round());
  }
  for (const [runner, cpuNs] of measured) runner.cpuNs.push(cpuNs);
}

/** The work, or nothing as soon as the signal comes; then it goes on unheard until its process is stopped. */
async function unlessAborted(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  let onAbort = (): void => undefined;
  const aborted = new Promise<void>((resolve) => {
    onAbort = resolve;
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) resolve();
  });
  work.catch(() => undefined);
  await Promise.race([work, aborted]);
  signal.removeEventListener('abort', onAbort);
}

function rowsOf(group: MicroGroup, runners: readonly Runner[]): MicroRow[] {
  const [limit] = runners;
  if (limit === undefined || limit.cpuNs.length === 0) return [];
  return runners.map(({ name, bound, control, cpuNs }) => ({
    group: group.name,
    subject: name,
    limit: limit.name,
    ratio: spreadOf(ratios(cpuNs, limit.cpuNs)),
    cpuNs: spreadOf(cpuNs),
    bound,
    control,
    rounds: cpuNs.length,
  }));
}
