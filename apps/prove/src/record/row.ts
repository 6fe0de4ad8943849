/**
 * What a worker tells of one read or of one mutation: a row of numbers, so that a million of them cost little.
 *
 * An *order* counts what happens within one process, each beginning of a read and each acknowledgement: a read began after
 * an acknowledgement exactly if its order is the higher one, whatever the clock says.
 */
const ROW = {
  kind: 0,
  /** Of a read the index of the key; of a mutation the component. */
  subject: 1,
  /** Of a mutation its version; of a read that of the key, and then those of its group, its namespace and everything. */
  own: 2,
  group: 3,
  space: 4,
  all: 5,
  startMs: 6,
  endMs: 7,
  startOrder: 8,
  endOrder: 9,
  /** Of a read where the value came from; of a mutation what became of it. */
  outcome: 10,
  /** Which method was called. */
  method: 11,
} as const;

export const ROW_LENGTH = 12;

export const KIND = { read: 0, mutation: 1 } as const;

/** Where a value came from; `unknown` where the method does not say. `stale` is added to it. */
export const SOURCE = { unknown: 0, l1: 1, l2: 2, loader: 3, stale: 4 } as const;

/** What became of a mutation: acknowledged; rejected and not applied; rejected, and it may have been applied. */
export const FATE = { acknowledged: 0, refused: 1, unknown: 2 } as const;

export const METHODS = [
  'get',
  'getEntry',
  'getMany',
  'peek',
  'get without a loader',
  'delete',
  'deleteMany',
  'expire',
  'set',
  'invalidateTag',
  'clear of a namespace',
  'clear',
  'touch',
] as const;
export type Method = (typeof METHODS)[number];

/** One row, with names. */
export interface RowView {
  readonly kind: number;
  readonly subject: number;
  readonly versions: readonly [own: number, group: number, space: number, all: number];
  readonly startMs: number;
  readonly endMs: number;
  readonly startOrder: number;
  readonly endOrder: number;
  readonly outcome: number;
  readonly method: Method;
}

export function rowAt(rows: Float64Array, index: number): RowView {
  const at = (column: number): number => rows[index * ROW_LENGTH + column] as number;
  return {
    kind: at(ROW.kind),
    subject: at(ROW.subject),
    versions: [at(ROW.own), at(ROW.group), at(ROW.space), at(ROW.all)],
    startMs: at(ROW.startMs),
    endMs: at(ROW.endMs),
    startOrder: at(ROW.startOrder),
    endOrder: at(ROW.endOrder),
    outcome: at(ROW.outcome),
    method: METHODS[at(ROW.method)] as Method,
  };
}

export function rowCount(rows: Float64Array): number {
  return rows.length / ROW_LENGTH;
}
