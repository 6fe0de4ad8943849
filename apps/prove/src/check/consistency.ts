import { FIRST_FRESH } from '../keys/component.ts';
import { ALL_KEYS } from '../keys/key-space.ts';
import { componentsOf } from '../keys/versions.ts';
import { FATE, KIND, type RowView, rowAt, rowCount, SOURCE } from '../record/row.ts';
import type { Breach } from './breach.ts';
import { type FloorStep, Floors } from './floor.ts';
import type { Histogram } from './histogram.ts';
import type { SetHistory } from './set-history.ts';

interface ConsistencyParts {
  readonly maxStalenessMs: number;
  readonly staleness: Histogram;
  readonly sets: SetHistory;
  readonly onBreach: (breach: Breach) => void;
}

/**
 * All processes read one clock: rounding is all there is to allow for. The bound itself has no slack: a proof of the bus counts
 * from before it was asked for, an acknowledgement from when it arrived, a read from before it was begun.
 */
const SLACK_MS = 0.01;

/** A mutation is told when it has ended, which is at its deadline of 1 s at the latest; a machine that is busy has a little more. */
const TOLD_WITHIN_MS = 1500;

interface PendingRead {
  readonly worker: number;
  readonly row: RowView;
}

/**
 * Holds what was read against what had been acknowledged. Within a process at once and exactly, by order. Between
 * processes by time, and only when every process has told all up to the read's beginning.
 */
export class Consistency {
  readonly #parts: ConsistencyParts;
  readonly #everywhere = new Floors();
  readonly #own = new Map<number, Floors>();
  readonly #toldUntilMs = new Map<number, number>();
  #acknowledged: { readonly component: number; readonly step: FloorStep }[] = [];
  #reads: PendingRead[] = [];
  #inDoubt: Breach[] = [];
  checkedReads = 0;
  staleServed = 0;
  excused = 0;

  constructor(parts: ConsistencyParts) {
    this.#parts = parts;
  }

  /** A worker has started, and nothing is checked before it has told something. */
  joined(worker: number, nowMs: number): void {
    this.#toldUntilMs.set(worker, nowMs);
    this.#own.set(worker, new Floors());
  }

  /** It is gone: nothing more will come from it. */
  left(worker: number): void {
    this.#toldUntilMs.delete(worker);
    this.#settle();
  }

  /** Rows of one worker, in its order. */
  take(worker: number, rows: Float64Array, untilMs: number): void {
    const own = this.#own.get(worker);
    // What a killed process had still on the way.
    if (own === undefined || !this.#toldUntilMs.has(worker)) return;
    for (let index = 0; index < rowCount(rows); index++) {
      const row = rowAt(rows, index);
      if (row.kind === KIND.mutation) this.#takeMutation(worker, own, row);
      else {
        this.#checkOwn(worker, own, row);
        this.#reads.push({ worker, row });
      }
    }
    this.#toldUntilMs.set(worker, untilMs);
    this.#settle();
  }

  #takeMutation(worker: number, own: Floors, row: RowView): void {
    const { subject: component, versions, startMs, endMs, endOrder, outcome, method } = row;
    const [version] = versions;
    this.#parts.sets.take(row);
    if (outcome !== FATE.acknowledged || version === 0) return;
    const step = { at: endMs, version, startMs, ackMs: endMs, by: worker, method };
    own.add(component, { ...step, at: endOrder });
    this.#acknowledged.push({ component, step });
  }

  /** Checks all reads that began before what every worker has told. */
  #settle(): void {
    const knownMs = Math.min(...this.#toldUntilMs.values());
    if (this.#toldUntilMs.size === 0) return;
    const ripe = this.#acknowledged.filter(({ step }) => step.at <= knownMs);
    this.#acknowledged = this.#acknowledged.filter(({ step }) => step.at > knownMs);
    ripe.sort((one, other) => one.step.at - other.step.at);
    for (const { component, step } of ripe) this.#everywhere.add(component, step);
    const waiting: PendingRead[] = [];
    for (const read of this.#reads) {
      if (read.row.startMs <= knownMs) this.#checkEverywhere(read);
      else waiting.push(read);
    }
    this.#reads = waiting;
    this.#decide(knownMs);
  }

  /** All workers have ended: nothing more will be told. */
  finish(): void {
    this.#decide(Infinity);
  }

  /** Says of those that are in doubt which are excused, once everything is known that went on meanwhile. */
  #decide(knownMs: number): void {
    const decidable = this.#inDoubt.filter(({ read }) => read.endMs + TOLD_WITHIN_MS <= knownMs);
    this.#inDoubt = this.#inDoubt.filter((breach) => !decidable.includes(breach));
    for (const breach of decidable) {
      if (this.#parts.sets.excuses(breach)) this.excused += 1;
      else this.#parts.onBreach(breach);
    }
  }

  #checkOwn(worker: number, own: Floors, read: RowView): void {
    for (const [component, version] of carried(read)) {
      const missed = own.firstAbove(component, version);
      if (missed !== undefined && missed.at < read.startOrder)
        this.#breach('own-write', worker, read, component, version, missed);
    }
  }

  #checkEverywhere({ worker, row }: PendingRead): void {
    this.checkedReads += 1;
    if ((row.outcome & SOURCE.stale) !== 0) this.staleServed += 1;
    let oldestMs = 0;
    for (const [component, version] of carried(row)) {
      const missed = this.#everywhere.firstAbove(component, version);
      if (missed === undefined) continue;
      const staleMs = row.startMs - missed.at;
      if (staleMs > this.#parts.maxStalenessMs + SLACK_MS)
        this.#breach('stale', worker, row, component, version, missed);
      else oldestMs = Math.max(oldestMs, staleMs);
    }
    if (oldestMs > 0) this.#parts.staleness.add(oldestMs);
  }

  #breach(
    rule: Breach['rule'],
    worker: number,
    read: RowView,
    component: number,
    version: number,
    missed: FloorStep,
  ): void {
    const breach = { rule, worker, read, component, version, missed };
    if (missed.method === 'set') this.#inDoubt.push(breach);
    else this.#parts.onBreach(breach);
  }
}

/** What a read has seen: components, and the version of each. */
export function* carried({
  subject,
  versions,
  outcome,
}: RowView): Iterable<readonly [component: number, version: number]> {
  const key = ALL_KEYS[subject];
  if (key === undefined) return;
  for (const [place, component] of componentsOf(key).entries()) yield [component, versions[place] as number];
  // An answer that says it is stale may be older than an expiry, never than a deletion.
  if (key.kind === 'graced' && (outcome & SOURCE.stale) === 0) yield [FIRST_FRESH + subject, versions[0]];
}
