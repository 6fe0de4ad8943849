import assert from 'node:assert/strict';
import type { ConformanceCase } from './conformance-case.ts';
import type { StoreHarness } from './harness.ts';
import { type SectionName, sectionsOf } from './section.ts';
import { absence } from './sections/absence.ts';
import { bulk } from './sections/bulk.ts';
import { bus } from './sections/bus.ts';
import { closing } from './sections/closing.ts';
import { concurrency } from './sections/concurrency.ts';
import { counters } from './sections/counters.ts';
import { damage } from './sections/damage.ts';
import { deletion } from './sections/deletion.ts';
import { expiry } from './sections/expiry.ts';
import { fills } from './sections/fills.ts';
import { health } from './sections/health.ts';
import { invalidations } from './sections/invalidations.ts';
import { keys } from './sections/keys.ts';
import { leases } from './sections/leases.ts';
import { listing } from './sections/listing.ts';
import { loads } from './sections/loads.ts';
import { namespaces } from './sections/namespaces.ts';
import { outage } from './sections/outage.ts';
import { persistence } from './sections/persistence.ts';
import { retiming } from './sections/retiming.ts';
import { schedules } from './sections/schedules.ts';
import { sharedCounters } from './sections/shared-counters.ts';
import { sizes } from './sections/sizes.ts';
import { stamps } from './sections/stamps.ts';
import { timeToLive } from './sections/time-to-live.ts';
import { twoProcesses } from './sections/two-processes.ts';
import { values } from './sections/values.ts';
import { versions } from './sections/versions.ts';
import { writes } from './sections/writes.ts';
import { Trial } from './trial.ts';

const CASES: Readonly<Record<SectionName, readonly ConformanceCase[]>> = {
  values,
  absence,
  expiry,
  keys,
  sizes,
  deletion,
  concurrency,
  namespaces,
  loads,
  closing,
  bulk,
  listing,
  'time to live': timeToLive,
  counters,
  health,
  persistence,
  damage,
  leases,
  fills,
  writes,
  invalidations,
  stamps,
  versions,
  retiming,
  'shared counters': sharedCounters,
  bus,
  'two processes': twoProcesses,
  schedules,
  outage,
};

/** The cases of one section, for whoever drives them with a runner of their own. */
export function conformanceCases(section: SectionName): readonly ConformanceCase[] {
  return CASES[section];
}

/** The sections that a harness's store is judged by: opens one, and looks at its capabilities. */
export async function sectionsFor(harness: StoreHarness): Promise<readonly SectionName[]> {
  const backend = await harness.prepare();
  const store = await backend.open();
  try {
    return sectionsOf(store.capabilities);
  } finally {
    await store.disconnect().catch(() => undefined);
    await backend.close?.();
  }
}

/**
 * Runs one case on a backend of its own. Rejects where the store fails, where it takes too long, and where a promise was
 * rejected that nobody looked at (P13).
 * @param timeoutMs instead of the case's own limit
 */
export async function runCase(
  harness: StoreHarness,
  { run, timeoutMs: ownLimitMs }: ConformanceCase,
  timeoutMs = ownLimitMs,
): Promise<void> {
  const forgotten: unknown[] = [];
  const note = (reason: unknown): void => {
    forgotten.push(reason);
  };
  process.on('unhandledRejection', note);
  const trial = new Trial(await harness.prepare());
  const failures: unknown[] = [];
  const noteFailure = (error: unknown): void => {
    failures.push(error);
  };
  try {
    await limited(timeoutMs, run(trial)).catch(noteFailure);
    await trial.end().catch(noteFailure);
    // Node tells of it after the microtasks of a turn.
    await trial.turn();
  } finally {
    process.off('unhandledRejection', note);
  }
  // What failed first is what matters; clearing up after it may fail for its sake.
  if (failures.length > 0) throw failures[0];
  assert.deepEqual(forgotten, [], 'A promise was rejected, and nobody looked at it.');
}

async function limited(timeoutMs: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new assert.AssertionError({ message: `The case did not end within ${timeoutMs} ms.` }));
    }, timeoutMs);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}
