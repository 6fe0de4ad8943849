import { MemoryStore } from '@larder/cache-core';
import { describe, expect, it } from 'vitest';
import {
  aboutSection,
  conformanceCases,
  SECTION_NAMES,
  SharedMemory,
  sectionsFor,
  sectionsOf,
} from '../src/index.ts';
import { memoryHarness, plainHarness, remoteHarness, sharedHarness } from './harnesses.ts';

describe('sections', () => {
  it('follow from the capabilities alone', async () => {
    const { clock } = await sharedHarness().prepare();
    for (const [harness, capabilities] of [
      [plainHarness(), undefined],
      [memoryHarness(), new MemoryStore().capabilities],
      [sharedHarness(), new SharedMemory(clock!).attach().capabilities],
    ] as const) {
      expect(await sectionsFor(harness)).toEqual(sectionsOf(capabilities));
    }
    expect(await sectionsFor(plainHarness())).not.toContain('bulk');
    expect(await sectionsFor(memoryHarness())).toContain('bulk');
    expect(await sectionsFor(remoteHarness())).toContain('outage');
  });

  it('have cases, with names of their own, and a few words about them', () => {
    for (const section of SECTION_NAMES) {
      const names = conformanceCases(section).map(({ name }) => name);
      expect(names.length).toBeGreaterThan(0);
      expect(new Set(names).size).toBe(names.length);
      expect(aboutSection(section)).not.toBe('');
    }
  });
});
