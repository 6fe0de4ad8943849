import type { TroubleRule } from '../run/process-message.ts';

/** What has been broken. */
export type Rule =
  /** A read began more than D after an acknowledgement and did not see it. */
  | 'stale'
  /** A read did not see what its own process had been told before it began (P2). */
  | 'own-write'
  | TroubleRule
  /** A worker, or the run itself, did what it must not: ended, wrote to stderr, disagreed about the time. */
  | 'process'
  /** Not back in time after a fault. */
  | 'recovery'
  /** Over the whole run: too few acknowledged mutations, too few hits. */
  | 'availability';

export interface Violation {
  readonly rule: Rule;
  /** Of the run, in milliseconds since its beginning. */
  readonly atMs: number;
  readonly text: string;
  /** What happened around it, one line each. */
  readonly evidence: readonly string[];
}
