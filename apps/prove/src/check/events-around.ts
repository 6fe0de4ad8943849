import { componentName, EVERYTHING } from '../keys/component.ts';
import { ALL_KEYS } from '../keys/key-space.ts';
import { KIND, type RowView, rowAt, rowCount, SOURCE } from '../record/row.ts';
import type { Breach } from './breach.ts';
import { carried } from './consistency.ts';

const KEPT_MS = 12_000;
const MOST_LINES = 60;
const FATES = ['acknowledged', 'rejected, not applied', 'rejected, fate unknown'];
const SOURCES = ['', ' from l1', ' from l2', ' from the loader'];

/** Keeps what the workers have told of late, so that a violation can be shown with what led to it. */
export class EventsAround {
  readonly #batches: { readonly worker: number; readonly rows: Float64Array; readonly atMs: number }[] = [];

  take(worker: number, rows: Float64Array, atMs: number): void {
    this.#batches.push({ worker, rows, atMs });
    while (this.#batches[0] !== undefined && this.#batches[0].atMs < atMs - KEPT_MS) this.#batches.shift();
  }

  /** Everything that any worker did to the component, and read of the key, from before the missed change to the read. */
  of({ read, component, missed }: Breach, originMs: number): string[] {
    const fromMs = missed.startMs - 300;
    const events: { readonly atMs: number; readonly line: string }[] = [];
    for (const { worker, rows } of this.#batches) {
      for (let index = 0; index < rowCount(rows); index++) {
        const row = rowAt(rows, index);
        if (row.endMs < fromMs || row.startMs > read.endMs + 50) continue;
        const line = this.#line(worker, row, component, read.subject, originMs);
        if (line !== null) events.push({ atMs: row.startMs, line });
      }
    }
    events.sort((one, other) => one.atMs - other.atMs);
    const lines = events.map(({ line }) => line);
    if (lines.length <= MOST_LINES) return lines;
    const half = MOST_LINES / 2;
    return [...lines.slice(0, half), `… ${lines.length - MOST_LINES} more …`, ...lines.slice(-half)];
  }

  #line(worker: number, row: RowView, component: number, key: number, originMs: number): string | null {
    const span = `${(row.startMs - originMs).toFixed(1)}–${(row.endMs - originMs).toFixed(1)} ms, process ${worker}, order ${row.startOrder}–${row.endOrder}: ${row.method}`;
    if (row.kind === KIND.mutation) {
      // What empties everything bears on every key.
      if (row.subject !== component && row.subject !== key && row.subject !== EVERYTHING) return null;
      return `${span} of ${componentName(row.subject)}, version ${row.versions[0]}: ${FATES[row.outcome]}`;
    }
    if (row.subject !== key) return null;
    return `${span} of ${ALL_KEYS[row.subject]?.name}${sourceText(row)}: ${versionsText(row)}`;
  }
}

export function versionsText(row: RowView): string {
  return [...carried(row)].map(([component, version]) => `${componentName(component)} ${version}`).join(', ');
}

export function sourceText({ outcome }: RowView): string {
  return `${SOURCES[outcome & 3]}${(outcome & SOURCE.stale) === 0 ? '' : ', may be stale'}`;
}
