/** The kit that judges every store: conformance cases for any test runner, and doubles that fail on demand. */

export type { ConformanceCase } from './conformance/conformance-case.ts';
export type {
  Backend,
  DamageKind,
  ForeignData,
  OpenOptions,
  ServerFaults,
  StoreHarness,
} from './conformance/harness.ts';
export {
  badDurations,
  badKeys,
  badValues,
  goodDurations,
  goodKeys,
  goodValues,
  SECRET,
  secretUrls,
  trickyValues,
} from './conformance/hostile-input.ts';
export { aboutSection, SECTION_NAMES, type SectionName, sectionsOf } from './conformance/section.ts';
export { conformanceCases, runCase, sectionsFor } from './conformance/suite.ts';
export { FaultyStore, type StoreFault } from './doubles/faulty-store.ts';
export { PlainStore } from './doubles/plain-store.ts';
export { RemoteMemory } from './doubles/remote-memory.ts';
export { AttachedStore, SharedMemory } from './doubles/shared-memory.ts';
