import type { SubjectKind } from './subject.ts';

/** Every request goes to the source. */
export const noCache: SubjectKind = {
  name: 'no cache',
  store: null,
  lane: null,
  timeShare: 0.2,
  requestMs: 0.003,
  create: (source) => ({
    get: (key) => source.read(key),
    invalidate: () => undefined,
    counts: () => ({ hits: 0, l2Hits: 0, joins: 0, entries: 0, storeErrors: 0 }),
    close: () => undefined,
  }),
};
