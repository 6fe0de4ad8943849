import type { SubjectKind } from './subject.ts';

/** Every request goes to the source. */
export const noCache: SubjectKind = {
  name: 'no cache',
  create: (source) => ({
    get: (key) => source.read(key),
    invalidate: () => undefined,
    counts: () => ({ hits: 0, joins: 0, entries: 0 }),
    close: () => undefined,
  }),
};
