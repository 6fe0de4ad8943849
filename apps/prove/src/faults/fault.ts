import type { FaultProxy, RedisServer } from '@larder/store-testkit/services';
import type { Random } from '../random.ts';

/** A worker as faults see it. */
export interface FaultedWorker {
  readonly slot: number;
  /** Its own way to the server. */
  readonly proxy: FaultProxy;
  /** SIGSTOP. */
  stop(): void;
  /** SIGCONT. */
  continue(): void;
  /** SIGKILL, and another in its place. Resolves when that has started. */
  replace(afterMs: number): Promise<void>;
}

/** What faults are inflicted on. */
export interface FaultGround {
  readonly server: RedisServer;
  readonly workers: readonly FaultedWorker[];
  /** What the keys of the store under test begin with. */
  readonly prefix: string;
  /** Lasts; at once where the run is being stopped. */
  last(ms: number): Promise<void>;
}

/** One fault, with all that is random about it decided: the same plan does the same again. */
export interface Fault {
  readonly kind: FaultKind;
  /** What a person reads: `the server stands still for 1.3 s`. */
  readonly text: string;
  /** From its beginning to its end; afterwards all is as before, but for what was lost. */
  inflict(ground: FaultGround): Promise<void>;
}

/** Makes faults of one kind. */
export interface FaultMaker {
  plan(random: Random, workers: number): Omit<Fault, 'kind'>;
}

export const FAULT_KINDS = [
  'server-pause',
  'server-restart',
  'flushall',
  'kill-clients',
  'kill-subscribers',
  'out-of-memory',
  'read-only',
  'script-flush',
  'refuse',
  'cut',
  'cut-reply',
  'stall-bus',
  'stall-data',
  'delay',
  'torn',
  'lost-message',
  'repeated-message',
  'evict-entries',
  'evict-bookkeeping',
  'damage',
  'wrong-type',
  'swap-values',
  'worker-pause',
  'worker-kill',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** Those that take away what was stored. */
export const LOSES_ENTRIES: ReadonlySet<FaultKind> = new Set<FaultKind>([
  'server-restart',
  'flushall',
  'evict-entries',
  'evict-bookkeeping',
  'damage',
  'wrong-type',
  'swap-values',
]);
