import { oneOf, wholeBetween } from '../random.ts';
import type { FaultKind, FaultMaker } from './fault.ts';

/** A process stands still in the middle of whatever it does, or dies of it. */
export const WORKER_FAULTS = {
  'worker-pause': {
    plan(random, workers) {
      const slot = wholeBetween(random, 0, workers - 1);
      const ms = oneOf(random, [500, 1200, 2000, 3000]);
      return {
        text: `process ${slot} stands still for ${ms} ms`,
        async inflict({ workers: all, last }) {
          const worker = all[slot];
          worker?.stop();
          await last(ms);
          worker?.continue();
        },
      };
    },
  },
  'worker-kill': {
    plan(random, workers) {
      const slot = wholeBetween(random, 0, workers - 1);
      const ms = wholeBetween(random, 0, 1000);
      return {
        text: `process ${slot} is killed, and another takes its place after ${ms} ms`,
        inflict: async ({ workers: all }) => all[slot]?.replace(ms),
      };
    },
  },
} as const satisfies Partial<Record<FaultKind, FaultMaker>>;
