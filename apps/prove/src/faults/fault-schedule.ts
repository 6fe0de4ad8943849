import { type Random, shuffled } from '../random.ts';
import { DATA_FAULTS } from './data-faults.ts';
import { FAULT_KINDS, type Fault, type FaultKind, type FaultMaker } from './fault.ts';
import { NETWORK_FAULTS } from './network-faults.ts';
import { SERVER_FAULTS } from './server-faults.ts';
import { WORKER_FAULTS } from './worker-faults.ts';

const MAKERS: Readonly<Record<FaultKind, FaultMaker>> = {
  ...SERVER_FAULTS,
  ...NETWORK_FAULTS,
  ...DATA_FAULTS,
  ...WORKER_FAULTS,
};

interface ScheduleOptions {
  readonly count: number;
  readonly workers: number;
  /** Null = all. */
  readonly kinds: readonly FaultKind[] | null;
}

/** So many faults: all kinds in random order, and again, so that none is left out as long as others come twice. */
export function planFaults(random: Random, { count, workers, kinds }: ScheduleOptions): Fault[] {
  const faults: Fault[] = [];
  while (faults.length < count) {
    for (const kind of shuffled(random, kinds ?? FAULT_KINDS)) {
      if (faults.length < count) faults.push({ kind, ...MAKERS[kind].plan(random, workers) });
    }
  }
  return faults;
}
