import type { StepMonitor } from '../scenario/scenario.ts';
import type { RedisService } from '../store/redis-service.ts';
import type { MicroGroup } from './micro-group.ts';
import type { MicroRow } from './micro-result.ts';
import type { MicroSettings } from './micro-settings.ts';
import { ratios, spreadOf } from './spread.ts';
import { SubjectHandle } from './subject-handle.ts';

/** On a server it takes longer until a process is warm. */
const MOST_GENERATIONS = { memory: 3, redis: 2 } as const;
/** Below this a further generation would measure less than it costs to start. */
const GENERATION_MS = 800;
const LEAST_ROUNDS = 2;
const MOST_ROUNDS = 40;

interface Runner {
  readonly name: string;
  readonly bound: number | null;
  readonly control: boolean;
  readonly member: number;
  readonly cpuNs: number[];
  readonly wallNs: number[];
}

/**
 * Measures the members of a group in interleaved rounds, each in a process of its own. The limit runs twice, in two
 * processes: how far those two are apart is the noise. After a third of the time all processes are replaced, because
 * where a process happens to lie in memory makes it a little faster or slower for as long as it lives.
 *
 * @param boundMs for the rounds; a few are made in any case, unless the signal comes
 * @param service where the subjects of a group on Redis have a place each; null for a group in memory
 */
export async function measureGroup(
  group: MicroGroup,
  groupPlace: number,
  common: MicroSettings,
  boundMs: number,
  monitor: StepMonitor,
  service: RedisService | null = null,
): Promise<MicroRow[]> {
  const settings = { ...common, ...group.settings };
  const runners = runnersOf(group);
  const generations = Math.max(
    1,
    Math.min(MOST_GENERATIONS[group.store], Math.floor(boundMs / GENERATION_MS)),
  );
  for (let generation = 0; generation < generations && !monitor.signal.aborted; generation++) {
    const report = (share: number, detail: string): void =>
      monitor.report({ fraction: (generation + Math.min(1, share)) / generations, detail });
    const handles = runners.map(() => new SubjectHandle());
    const places = runners.map(() => service?.newPlace() ?? null);
    try {
      report(0, 'warming up');
      const ready = Promise.all(
        handles.map((handle, at) =>
          handle.prepare(groupPlace, runners[at]?.member ?? 0, settings, places[at] ?? null),
        ),
      );
      await unlessAborted(ready, monitor.signal);
      const boundsMs = boundMs / generations;
      const beganMs = performance.now();
      for (let round = 0; round < MOST_ROUNDS && !monitor.signal.aborted; round++) {
        const share = (performance.now() - beganMs) / boundsMs;
        if (share >= 1 && round >= LEAST_ROUNDS) break;
        report(share, `round ${(runners[0]?.cpuNs.length ?? 0) + 1}`);
        await unlessAborted(oneRound(runners, handles, round, settings), monitor.signal);
      }
    } finally {
      await Promise.all(handles.map((handle) => handle.stop()));
      for (const place of places) if (place !== null) await service?.clear(place);
    }
  }
  return rowsOf(group, runners, settings);
}

function runnersOf(group: MicroGroup): Runner[] {
  const runners = group.members.map(
    ({ name, bound = null }, member): Runner => ({
      name,
      bound,
      control: false,
      member,
      cpuNs: [],
      wallNs: [],
    }),
  );
  const [limit] = runners;
  if (limit === undefined) return [];
  return [...runners, { ...limit, name: `${limit.name}, again`, control: true, cpuNs: [], wallNs: [] }];
}

/**
 * Everybody's turns, one after the other: A B C, then C B A, then B C A. Each gets to be first and last, and to follow
 * different neighbours, who leave the processor's caches behind them as they were.
 */
async function oneRound(
  runners: readonly Runner[],
  handles: readonly SubjectHandle[],
  round: number,
  { turnsPerRound, operationsPerRound }: MicroSettings,
): Promise<void> {
  const cpuNs = new Float64Array(runners.length);
  const wallNs = new Float64Array(runners.length);
  for (let turn = 0; turn < turnsPerRound; turn++) {
    for (const place of turnOrder(runners.length, round * turnsPerRound + turn)) {
      const time = await handles[place]?.turn(turn);
      cpuNs[place] = (cpuNs[place] as number) + (time?.cpuNs ?? Number.NaN);
      wallNs[place] = (wallNs[place] as number) + (time?.wallNs ?? Number.NaN);
    }
  }
  for (const [place, runner] of runners.entries()) {
    runner.cpuNs.push((cpuNs[place] as number) / operationsPerRound);
    runner.wallNs.push((wallNs[place] as number) / operationsPerRound);
  }
}

/** The places from 0 to `count − 1`, rotated by one every second time and reversed the times between. */
export function turnOrder(count: number, time: number): number[] {
  const first = (time >> 1) % count;
  const order = Array.from({ length: count }, (_, place) => (first + place) % count);
  return time % 2 === 0 ? order : order.reverse();
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

function rowsOf(
  group: MicroGroup,
  runners: readonly Runner[],
  { entries, operationsPerRound }: MicroSettings,
): MicroRow[] {
  const [limit] = runners;
  if (limit === undefined || limit.cpuNs.length === 0) return [];
  return runners.map(({ name, bound, control, cpuNs, wallNs }) => ({
    group: group.name,
    subject: name,
    limit: limit.name,
    ratio: spreadOf(ratios(cpuNs, limit.cpuNs)),
    cpuNs: spreadOf(cpuNs),
    wallNs: spreadOf(wallNs),
    bound,
    control,
    rounds: cpuNs.length,
    entries,
    operationsPerRound,
  }));
}
