import type { Workload } from '../workload/workload.ts';
import type { ReplayDriver } from './replay.ts';

/** So many clients, each of which sends its next request as soon as the last one is answered. */
export function clients(workload: Workload): ReplayDriver {
  return async ({ concurrency, stopped, request }) => {
    const client = async (): Promise<void> => {
      while (!stopped()) {
        const key = workload.next();
        if (key === undefined) return;
        await request(key);
      }
    };
    await Promise.all(Array.from({ length: concurrency }, client));
  };
}
