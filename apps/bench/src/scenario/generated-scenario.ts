import type { BenchOptions } from '../options/bench-options.ts';
import { clients } from '../replay/clients.ts';
import { waves } from '../replay/waves.ts';
import { larder } from '../subject/larder.ts';
import { noCache } from '../subject/no-cache.ts';
import type { SubjectKind } from '../subject/subject.ts';
import { scanWorkload } from '../workload/scan-workload.ts';
import { ZIPF_EXPONENT } from '../workload/zipf.ts';
import { GENERATED_KEYS, zipfWorkload } from '../workload/zipf-workload.ts';
import { type ReplayPlan, replayScenario } from './replay-scenario.ts';
import type { Scenario } from './scenario.ts';

const DEFAULT_MS = 5000;
/**
 * The bound is for the whole scenario. The first subject has a third of it; the second as much as it needs to come as far,
 * if possible; without a cache every request costs the same, and a little of it tells all.
 */
const FIRST_SHARE = 0.35;
const SECOND_SHARE = 0.45;
const NO_CACHE_SHARE = 0.2;

type GeneratedPlan = Pick<ReplayPlan, 'name' | 'description' | 'distinctKeys' | 'driver'>;

/** Zipf requests for as long as the bound allows. */
export function zipfScenario(options: BenchOptions): Scenario {
  const workload = zipfWorkload(options.seed);
  return generated(options, {
    name: 'zipf',
    description: `Zipf requests (exponent ${ZIPF_EXPONENT}) for ${GENERATED_KEYS.toLocaleString('en-US')} keys`,
    distinctKeys: GENERATED_KEYS,
    driver: () => clients(workload()),
  });
}

/** Zipf requests that scans break into. */
export function scanScenario(options: BenchOptions): Scenario {
  const scanned = sizeOf(options);
  const workload = scanWorkload(options.seed, scanned);
  return generated(options, {
    name: 'scan',
    description: `The Zipf requests, after every ${(scanned * 4).toLocaleString('en-US')} of them a scan of ${scanned.toLocaleString('en-US')} cold keys`,
    distinctKeys: workload().distinctKeys,
    driver: () => clients(workload()),
  });
}

/** Everybody at once for a key that has just been invalidated. */
export function stampedeScenario(options: BenchOptions): Scenario {
  return generated(options, {
    name: 'stampede',
    description: `Waves of ${options.concurrency.toLocaleString('en-US')} requests for a key that has just changed and been invalidated`,
    distinctKeys: 100,
    driver: () => waves,
  });
}

function generated(options: BenchOptions, plan: GeneratedPlan): Scenario {
  const boundMs = options.durationMs ?? DEFAULT_MS;
  return replayScenario(
    {
      ...plan,
      requests: Infinity,
      maxEntries: sizeOf(options),
      boundMs: (subject) => boundMs * shareOf(subject),
      oneAtATime: null,
    },
    options,
  );
}

function shareOf(subject: SubjectKind): number {
  if (subject === noCache) return NO_CACHE_SHARE;
  return subject === larder ? FIRST_SHARE : SECOND_SHARE;
}

function sizeOf({ size }: BenchOptions): number {
  return size ?? GENERATED_KEYS / 10;
}
