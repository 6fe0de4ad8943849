import type { BenchOptions } from '../options/bench-options.ts';
import { clients } from '../replay/clients.ts';
import { waves } from '../replay/waves.ts';
import type { StoreServices } from '../store/store-services.ts';
import { scanWorkload } from '../workload/scan-workload.ts';
import { ZIPF_EXPONENT } from '../workload/zipf.ts';
import { GENERATED_KEYS, zipfWorkload } from '../workload/zipf-workload.ts';
import { type ReplayPlan, replayScenario } from './replay-scenario.ts';
import type { Scenario } from './scenario.ts';

const DEFAULT_MS = 5000;
type GeneratedPlan = Pick<ReplayPlan, 'name' | 'description' | 'distinctKeys' | 'driver'>;

/** Zipf requests for as long as the bound allows. */
export function zipfScenario(options: BenchOptions, services: StoreServices): Scenario {
  const workload = zipfWorkload(options.seed);
  return generated(options, services, {
    name: 'zipf',
    description: `Zipf requests (exponent ${ZIPF_EXPONENT}) for ${GENERATED_KEYS.toLocaleString('en-US')} keys`,
    distinctKeys: GENERATED_KEYS,
    driver: () => clients(workload()),
  });
}

/** Zipf requests that scans break into. */
export function scanScenario(options: BenchOptions, services: StoreServices): Scenario {
  const scanned = sizeOf(options);
  const workload = scanWorkload(options.seed, scanned);
  return generated(options, services, {
    name: 'scan',
    description: `The Zipf requests, after every ${(scanned * 4).toLocaleString('en-US')} of them a scan of ${scanned.toLocaleString('en-US')} cold keys`,
    distinctKeys: workload().distinctKeys,
    driver: () => clients(workload()),
  });
}

/** Everybody at once for a key that has just been invalidated. */
export function stampedeScenario(options: BenchOptions, services: StoreServices): Scenario {
  return generated(options, services, {
    name: 'stampede',
    description: `Waves of ${options.concurrency.toLocaleString('en-US')} requests for a key that has just changed and been invalidated`,
    distinctKeys: 100,
    driver: () => waves,
  });
}

/** The bound is for all subjects of a store together; those that come later go no further than the first. */
function generated(options: BenchOptions, services: StoreServices, plan: GeneratedPlan): Scenario {
  const boundMs = options.durationMs ?? DEFAULT_MS;
  return replayScenario(
    {
      ...plan,
      requests: Infinity,
      maxEntries: sizeOf(options),
      boundMs: ({ timeShare }) => boundMs * timeShare,
      oneAtATime: null,
    },
    options,
    services,
  );
}

function sizeOf({ size }: BenchOptions): number {
  return size ?? GENERATED_KEYS / 10;
}
