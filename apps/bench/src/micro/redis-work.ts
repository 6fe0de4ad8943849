import type { MicroGroup } from './micro-group.ts';
import type { PayloadShape } from './micro-payload.ts';

/** What the subjects of one group on Redis all do. */
export interface RedisWork {
  readonly bytes: number;
  readonly shape: PayloadShape;
  /** Operations in flight. */
  readonly atOnce: number;
}

/** Keys of one bulk operation. */
export const BULK_KEYS = 100;

/** Turns of a round; with {@link BULK_KEYS} keys in an operation each still has several whole ones. */
const TURNS = 5;

/** So few operations that a round of one subject takes about a tenth of a second, client and server together. */
export function roundOf(operations: number, entries: number): NonNullable<MicroGroup['settings']> {
  return { entries, operationsPerRound: operations, turnsPerRound: TURNS, warmUpRounds: 3 };
}
