import assert from 'node:assert/strict';
import { CacheErrorCode, type CacheManager, isCacheError } from '@larder/cache-core';
import type { CacheStore } from '@larder/cache-core/store';
import type { ConformanceCase } from './conformance-case.ts';
import type { FaultSwitch } from './fault-switch.ts';
import type { Trial } from './trial.ts';

/** The deadlines of the engine, and what a busy machine may take beyond them. */
export const READ_MS = 250;
export const WRITE_MS = 1000;
export const MAX_STALENESS_MS = 1000;
export const SERVICE_MS = 2000;
export const SLACK_MS = 400;

export const UNREACHABLE = [
  CacheErrorCode.STORE_UNAVAILABLE,
  CacheErrorCode.STORE_FAILED,
  CacheErrorCode.OPERATION_TIMEOUT,
] as const;

/** How a server can be away, and come back. */
const OUTAGES: Readonly<
  Record<string, { begin(faults: FaultSwitch): Promise<void>; end(faults: FaultSwitch): Promise<void> }>
> = {
  'F9 stopped': { begin: (faults) => faults.pause(), end: (faults) => faults.resume() },
  'F11 killed': { begin: (faults) => faults.kill(), end: (faults) => faults.restart() },
  'F11 refusing': { begin: (faults) => faults.refuse(), end: (faults) => faults.accept() },
};

interface Away {
  readonly trial: Trial;
  readonly store: CacheStore;
  readonly cache: CacheManager;
  readonly faults: FaultSwitch;
  readonly begin: () => Promise<void>;
  readonly end: () => Promise<void>;
}

export function inEachOutage(
  name: string,
  run: (away: Away) => Promise<void>,
): Record<string, ConformanceCase['run']> {
  return Object.fromEntries(
    Object.entries(OUTAGES).map(([kind, { begin, end }]) => [
      `${kind}: ${name}`,
      async (trial: Trial) => {
        const { faults } = trial;
        const store = await trial.open();
        const cache = await trial.cache({}, store);
        await cache.set('warm', 'value');
        await run({ trial, store, cache, faults, begin: () => begin(faults), end: () => end(faults) });
      },
    ]),
  );
}

let probes = 0;

/** Everything works again: what is written is in the store, and the cache says that it is well. */
export async function expectFullService(trial: Trial, cache: CacheManager, store: CacheStore): Promise<void> {
  const serves = async (): Promise<boolean> => {
    probes += 1;
    try {
      await cache.set('probe', probes);
      return (await store.get('probe')) === probes && (await cache.healthCheck()).status === 'healthy';
    } catch (error) {
      assert.ok(isCacheError(error), `A cache rejects with CacheErrors, not with ${String(error)}.`);
      return false;
    }
  };
  await trial.until(serves, 'full service is back', SERVICE_MS + SLACK_MS);
}

export function expectNoSecret(trial: Trial, what: string, text: string): void {
  for (const secret of trial.secrets) assert.ok(!text.includes(secret), `${what} shows a secret (P23).`);
}
