import { MEMORY_SUBJECTS, MICRO_GROUPS } from '../micro/micro-catalog.ts';
import type { MemoryRow, MicroRow } from '../micro/micro-result.ts';
import { MICRO_SETTINGS, SHORT_MICRO_SETTINGS } from '../micro/micro-settings.ts';
import { measureGroup } from '../micro/rounds.ts';
import { SubjectHandle } from '../micro/subject-handle.ts';
import type { BenchOptions } from '../options/bench-options.ts';
import { memoryLine, microLine } from '../terminal/step-line.ts';
import type { Scenario, Step, StepMonitor } from './scenario.ts';

const DEFAULT_MS = 15_000;
/** Below this, warming up would take longer than measuring. */
const SHORT_MS = 5000;
/** To start the processes of a group and to warm them up, several times. */
const WARM_UP_MS = 1800;

/** Single operations beside lru-cache and `Map`, by CPU time; and what an entry costs in memory. */
export function microScenario(options: BenchOptions): Scenario {
  const rows: MicroRow[] = [];
  const memory: MemoryRow[] = [];
  const boundMs = options.durationMs ?? DEFAULT_MS;
  const settings = { ...(boundMs < SHORT_MS ? SHORT_MICRO_SETTINGS : MICRO_SETTINGS), seed: options.seed };
  const members = MICRO_GROUPS.reduce((sum, group) => sum + group.members.length + 1, 0);

  const groups = MICRO_GROUPS.map((group, place): Step => {
    const groupMs = (boundMs * (group.members.length + 1)) / members;
    return {
      label: `micro · ${group.name}`,
      expectedMs: groupMs + WARM_UP_MS,
      run: async (monitor) => {
        const measured = await measureGroup(group, place, settings, groupMs, monitor);
        rows.push(...measured);
        return microLine(measured);
      },
    };
  });

  const measureMemory = async (monitor: StepMonitor): Promise<string> => {
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
    return memoryLine(memory);
  };

  return {
    name: 'micro',
    steps: [...groups, { label: 'micro · memory per entry', expectedMs: WARM_UP_MS / 2, run: measureMemory }],
    result: () =>
      rows.length === 0 && memory.length === 0
        ? null
        : {
            kind: 'micro',
            name: 'micro',
            entries: settings.entries,
            operationsPerRound: settings.operationsPerRound,
            rows,
            memory,
          },
  };
}
