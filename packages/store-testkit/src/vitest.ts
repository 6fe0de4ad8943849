import { describe, it } from 'vitest';
import type { StoreHarness } from './conformance/harness.ts';
import { conformanceCases, runCase, sectionsFor } from './conformance/suite.ts';

export type {
  Backend,
  DamageKind,
  ForeignData,
  OpenOptions,
  ServerFaults,
  StoreHarness,
} from './conformance/harness.ts';

/** Above the limit of the case itself: a case that is late fails by its own words. */
const CLEARING_UP_MS = 30_000;

/** Judges a store: one test for each case of each section that its capabilities ask for, one after another. */
export function describeStore(harness: StoreHarness): void {
  describe(harness.name, { sequential: true }, async () => {
    for (const section of await sectionsFor(harness)) {
      describe(section, () => {
        for (const one of conformanceCases(section)) {
          it(one.name, { timeout: one.timeoutMs + CLEARING_UP_MS }, () => runCase(harness, one));
        }
      });
    }
  });
}
