import type { SlowSource } from '../source/slow-source.ts';

/** A cache in front of a source, as it is replayed against. */
export interface Subject {
  get(key: string): Promise<unknown> | unknown;
  /** Forgets a key; once it has resolved, the old value must not come back. */
  invalidate(key: string): Promise<unknown> | unknown;
  counts(): SubjectCounts;
  close(): Promise<void> | void;
}

/** What a subject says of itself, since it was made. */
interface SubjectCounts {
  /** Requests answered from the cache. */
  readonly hits: number;
  /** Requests that were not, but waited for a load that was under way already. */
  readonly joins: number;
  readonly entries: number;
}

export interface SubjectKind {
  readonly name: string;
  create(source: SlowSource, maxEntries: number): Subject;
}

/** Long enough that nothing expires in a run, so that what is compared is eviction alone. */
export const SUBJECT_TTL_SECONDS = 3600;
