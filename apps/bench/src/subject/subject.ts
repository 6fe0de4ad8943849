import type { SlowSource } from '../source/slow-source.ts';
import type { Lane, StoreName } from '../store/store-name.ts';

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
  /** Those of the hits that the shared store answered, rather than this process's memory. */
  readonly l2Hits: number;
  /** Requests that were not, but waited for a load that was under way already. */
  readonly joins: number;
  /** In this process's memory. */
  readonly entries: number;
  /** Calls to the shared store that failed. */
  readonly storeErrors: number;
}

export interface SubjectKind {
  readonly name: string;
  /** Null where nothing is kept. */
  readonly store: StoreName | null;
  readonly lane: Lane | null;
  /** Of the time that a generated scenario has for its store: from 0 to 1. */
  readonly timeShare: number;
  /** A guess of what one request costs, for the time left. */
  readonly requestMs: number;
  /** @param maxEntries that this process's memory may hold; a shared store has no such bound */
  create(source: SlowSource, maxEntries: number): Subject | Promise<Subject>;
}

/** Long enough that nothing expires in a run, so that what is compared is eviction alone. */
export const SUBJECT_TTL_SECONDS = 3600;
