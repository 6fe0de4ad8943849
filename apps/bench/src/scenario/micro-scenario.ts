import { checkCommands } from '../micro/command-check.ts';
import { MEMORY_SUBJECTS, MICRO_GROUPS } from '../micro/micro-catalog.ts';
import type { MicroGroup } from '../micro/micro-group.ts';
import type { CommandRow, MemoryRow, MicroRow } from '../micro/micro-result.ts';
import { MICRO_SETTINGS, type MicroSettings, SHORT_MICRO_SETTINGS } from '../micro/micro-settings.ts';
import { measureGroup } from '../micro/rounds.ts';
import { SubjectHandle } from '../micro/subject-handle.ts';
import type { BenchOptions } from '../options/bench-options.ts';
import type { StoreName } from '../store/store-name.ts';
import type { StoreServices } from '../store/store-services.ts';
import { commandLine, memoryLine, microLine } from '../terminal/step-line.ts';
import type { Scenario, Step, StepMonitor } from './scenario.ts';

/** A round trip takes longer than a look into memory: so does a round. */
const DEFAULT_MS: Readonly<Record<StoreName, number>> = { memory: 15_000, redis: 60_000 };
/** Below this, warming up would take longer than measuring. */
const SHORT_MS = 5000;
/** To start the processes of a group and to warm them up, several times. */
const WARM_UP_MS: Readonly<Record<StoreName, number>> = { memory: 1800, redis: 7000 };
const CHECK_MS = 300;

/** Single operations beside the limit of their store, by CPU time; what an entry costs in memory; what a hit costs a server. */
export function microScenario(options: BenchOptions, store: StoreName, services: StoreServices): Scenario {
  const rows: MicroRow[] = [];
  const memory: MemoryRow[] = [];
  const commands: CommandRow[] = [];
  const boundMs = options.durationMs ?? DEFAULT_MS[store];
  const isShort = boundMs < SHORT_MS;
  const settings = { ...(isShort ? SHORT_MICRO_SETTINGS : MICRO_SETTINGS), seed: options.seed };
  const label = store === 'memory' ? 'micro' : `micro · ${store}`;
  const groups = MICRO_GROUPS.filter((group) => group.store === store && !(isShort && group.thorough));
  const members = groups.reduce((sum, group) => sum + group.members.length + 1, 0);
  const steps = groups.map((group): Step => {
    const groupMs = (boundMs * (group.members.length + 1)) / members;
    return {
      label: `${label} · ${group.name}`,
      expectedMs: groupMs + WARM_UP_MS[store],
      run: async (monitor) => {
        const measured = await measureGroup(
          isShort ? shortened(group) : group,
          MICRO_GROUPS.indexOf(group),
          settings,
          groupMs,
          monitor,
          store === 'redis' ? services.redis : null,
        );
        rows.push(...measured);
        return microLine(measured);
      },
    };
  });
  const measureMemory: Step = {
    label: `${label} · memory per entry`,
    expectedMs: WARM_UP_MS[store] / 2,
    run: async (monitor) => {
      await measureMemoryInto(memory, settings, monitor);
      return memoryLine(memory);
    },
  };
  const countCommands: Step = {
    label: `${label} · commands of a hit, as the server counts them`,
    expectedMs: CHECK_MS,
    run: async () => {
      commands.push(...(await checkCommands(services.redis)));
      return commandLine(commands);
    },
  };
  return {
    name: 'micro',
    steps: store === 'memory' ? [...steps, measureMemory] : [countCommands, ...steps],
    result: () =>
      rows.length + memory.length + commands.length === 0
        ? null
        : { kind: 'micro', name: 'micro', store, rows, memory, commands },
  };
}

/** As many operations as show that everything works. */
function shortened(group: MicroGroup): MicroGroup {
  const { settings } = group;
  if (settings?.operationsPerRound === undefined) return group;
  // Whole operations of a hundred keys in each turn.
  const operationsPerRound = Math.max(500, Math.floor(settings.operationsPerRound / 5000) * 500);
  return { ...group, settings: { ...settings, operationsPerRound, warmUpRounds: 1 } };
}

async function measureMemoryInto(
  memory: MemoryRow[],
  settings: MicroSettings,
  monitor: StepMonitor,
): Promise<void> {
  for (const [done, subject] of Object.keys(MEMORY_SUBJECTS).entries()) {
    if (monitor.signal.aborted) break;
    monitor.report({ fraction: done / Object.keys(MEMORY_SUBJECTS).length, detail: subject });
    const handle = new SubjectHandle();
    try {
      const bytes = await handle.memory(subject, settings);
      const entries = settings.memoryEntries;
      memory.push({ subject, bytesPerEntry: bytes / entries, entries });
    } finally {
      await handle.stop();
    }
  }
}
