import { describe, expect, it } from 'vitest';
import { conformanceCases, runCase, SECTION_NAMES, type SectionName } from '../src/index.ts';
import type { BrokenStore } from './broken/broken-store.ts';
import { brokenCapableStores } from './broken/capable.ts';
import { brokenPlainStores } from './broken/plain.ts';
import { brokenRemoteStores } from './broken/remote.ts';
import { brokenOperations } from './broken/shared-operations.ts';
import { brokenPromises } from './broken/shared-promises.ts';

const brokenStores = [
  ...brokenPlainStores,
  ...brokenCapableStores,
  ...brokenOperations,
  ...brokenPromises,
  ...brokenRemoteStores,
];

/** Real time after which a store that hangs has been found out. */
const LIMIT_MS = 5_000;

/** The names of the cases that such a store does not pass, up to the first that is expected. */
async function failing({ section, harness, caughtBy }: BrokenStore): Promise<string[]> {
  const failed: string[] = [];
  for (const one of conformanceCases(section)) {
    const error = await runCase(harness, one, LIMIT_MS).catch((caught: unknown) => caught);
    if (error === undefined) continue;
    failed.push(one.name);
    if (caughtBy.test(one.name)) break;
  }
  return failed;
}

describe.each(SECTION_NAMES)('the section %s catches a store that', (section: SectionName) => {
  const broken = brokenStores.filter((store) => store.section === section);

  it('is broken: there is one', () => {
    expect(broken.length).toBeGreaterThan(0);
  });

  it.each(broken.map((store) => [store.fault, store] as const))(
    '%s',
    { timeout: 60_000 },
    async (_fault, store) => {
      const failed = await failing(store);
      expect(
        failed.some((name) => store.caughtBy.test(name)),
        `failed: ${failed.join(', ')}`,
      ).toBe(true);
    },
  );
});
