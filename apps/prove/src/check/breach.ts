import type { RowView } from '../record/row.ts';
import type { FloorStep } from './floor.ts';

/** A read that saw less than it had to. */
export interface Breach {
  readonly rule: 'stale' | 'own-write';
  readonly worker: number;
  readonly read: RowView;
  /** What it saw in a version that was too low, and which. */
  readonly component: number;
  readonly version: number;
  /** The acknowledged change that it did not see. */
  readonly missed: FloorStep;
}
