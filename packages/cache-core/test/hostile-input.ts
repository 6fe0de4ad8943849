// By path, as in shared-memory.ts: one list of hostile input for all packages.
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
} from '../../store-testkit/src/conformance/hostile-input.ts';
