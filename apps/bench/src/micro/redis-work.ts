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

/**
 * So few operations that a round of one subject takes about a tenth of a second, client and server together; and as many
 * rounds before the first that counts as it takes until all code on the way has been optimised, which is why they are many.
 */
export function roundOf(operations: number, entries: number): NonNullable<MicroGroup['settings']> {
  const warmUpRounds = Math.max(3, Math.min(10, Math.ceil(WARM_UP_OPERATIONS / operations)));
  return { entries, operationsPerRound: operations, turnsPerRound: TURNS, warmUpRounds };
}

const WARM_UP_OPERATIONS = 12_000;
