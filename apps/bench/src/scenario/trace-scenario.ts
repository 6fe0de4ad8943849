import { fileURLToPath } from 'node:url';
import type { BenchOptions } from '../options/bench-options.ts';
import { clients } from '../replay/clients.ts';
import type { StoreServices } from '../store/store-services.ts';
import { traceWorkload } from '../workload/trace.ts';
import { readTraceFile } from '../workload/trace-file.ts';
import { replayScenario } from './replay-scenario.ts';
import type { Scenario } from './scenario.ts';

const RECORDED = fileURLToPath(new URL('../../traces/compiler-lookups.txt.gz', import.meta.url));

/** Without a cache every request costs the same: a few seconds of it tell all. */
const NO_CACHE_MS = 3000;

/** Requests that once came in, in their order, each subject to the end. @throws UsageError where there is no such trace */
export async function traceScenario(options: BenchOptions, services: StoreServices): Promise<Scenario> {
  const trace = await readTraceFile(options.traceFile ?? RECORDED);
  const distinctKeys = trace.keys.length;
  const requests = trace.order.length;
  const what =
    options.traceFile === null
      ? 'File look-ups of the TypeScript compiler over this workspace, as recorded'
      : `The trace ${trace.name}`;
  return replayScenario(
    {
      name: 'trace',
      description: `${what}: ${requests.toLocaleString('en-US')} requests for ${distinctKeys.toLocaleString('en-US')} keys`,
      distinctKeys,
      requests,
      maxEntries: options.size ?? Math.ceil(distinctKeys / 10),
      driver: () => clients(traceWorkload(trace)),
      boundMs: ({ store }) => (store === null ? NO_CACHE_MS : Infinity),
      oneAtATime: () => traceWorkload(trace),
    },
    options,
    services,
  );
}
