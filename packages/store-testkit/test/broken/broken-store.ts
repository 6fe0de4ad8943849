import type { SectionName, StoreHarness } from '../../src/index.ts';

/** A store with one thing wrong, the section that must find it out, and the case in which it does. */
export interface BrokenStore {
  readonly section: SectionName;
  readonly fault: string;
  readonly caughtBy: RegExp;
  readonly harness: StoreHarness;
}

/** Lets everything else have its turn, as a round trip does. */
export function soon(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Does something a moment after it should have been done. */
export function later(work: () => Promise<unknown>): void {
  soon()
    .then(work)
    .catch(() => undefined);
}
