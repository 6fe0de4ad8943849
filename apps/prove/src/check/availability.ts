import { FATE, KIND, rowAt, rowCount, SOURCE } from '../record/row.ts';
import { Histogram } from './histogram.ts';

/** A fault while it lasts, and for as long as recovery from it may take. */
interface FaultWindow {
  readonly startMs: number;
  endMs: number;
}

interface MutationCounts {
  acknowledged: number;
  refused: number;
  unknown: number;
}

/** What of a worker has come back after a fault; null = not yet. */
export interface Recovery {
  readonly fault: string;
  readonly worker: number;
  readonly endedMs: number;
  l1Ms: number | null;
  l2Ms: number | null;
  ackMs: number | null;
}

/** Recovery may take 2 s (P13); on a machine that is busy with everything at once, a little longer. */
export const RECOVERED_WITHIN_MS = 2000;
export const RECOVERY_SLACK_MS = 500;

const MOST_STARVATIONS = 2000;
/** Of a read at the store, and of the longest back-off of its breaker. */
const DEADLINE_MS = 250;
const BACKOFF_MS = 1500;

/** Whether the caches were of use: a library that rejects everything looks consistent. */
export class Availability {
  readonly calm: MutationCounts = { acknowledged: 0, refused: 0, unknown: 0 };
  readonly troubled: MutationCounts = { acknowledged: 0, refused: 0, unknown: 0 };
  readonly readTimes = new Histogram();
  readonly mutationTimes = new Histogram();
  readonly recoveries: Recovery[] = [];
  starvedTotalMs = 0;
  readonly #windows: FaultWindow[] = [];
  readonly #starvations: FaultWindow[] = [];
  readonly #aftermaths: FaultWindow[] = [];
  #open: Recovery[] = [];
  #undecided: { readonly startMs: number; readonly endMs: number; readonly fate: number }[] = [];

  faultBegins(nowMs: number): void {
    this.#windows.push({ startMs: nowMs, endMs: Infinity });
  }

  /** @param workers who must recover */
  faultEnds(fault: string, nowMs: number, workers: readonly number[]): void {
    const window = this.#windows.at(-1);
    if (window !== undefined) window.endMs = nowMs + RECOVERED_WITHIN_MS + RECOVERY_SLACK_MS;
    this.#open = workers.map((worker) => ({
      fault,
      worker,
      endedMs: nowMs,
      l1Ms: null,
      l2Ms: null,
      ackMs: null,
    }));
    this.recoveries.push(...this.#open);
  }

  /**
   * The machine had no time for one of the processes: a fault that nobody has inflicted. What happens meanwhile says nothing
   * about availability.
   */
  starved(startMs: number, endMs: number): void {
    this.#starvations.push({ startMs, endMs });
    // A deadline may have been missed: then the store is left alone for a while.
    if (endMs - startMs > DEADLINE_MS / 2) this.#aftermaths.push({ startMs, endMs: endMs + BACKOFF_MS });
    if (this.#aftermaths.length > MOST_STARVATIONS) this.#aftermaths.splice(0, MOST_STARVATIONS / 2);
    if (this.#starvations.length > MOST_STARVATIONS) this.#starvations.splice(0, MOST_STARVATIONS / 2);
    this.starvedTotalMs += endMs - startMs;
  }

  /** For how long of that time some process was starved; overlaps count once. */
  starvedMs(fromMs: number, toMs: number): number {
    let coveredMs = fromMs;
    let sumMs = 0;
    for (const { startMs, endMs } of [...this.#starvations].sort(
      (one, other) => one.startMs - other.startMs,
    )) {
      const beginMs = Math.max(startMs, coveredMs);
      const untilMs = Math.min(endMs, toMs);
      if (untilMs <= beginMs) continue;
      sumMs += untilMs - beginMs;
      coveredMs = untilMs;
    }
    return sumMs;
  }

  take(worker: number, rows: Float64Array): void {
    const recovery = this.#open.find((one) => one.worker === worker);
    for (let index = 0; index < rowCount(rows); index++) {
      const { kind, startMs, endMs, outcome } = rowAt(rows, index);
      const times = kind === KIND.read ? this.readTimes : this.mutationTimes;
      times.add(endMs - startMs);
      if (kind === KIND.mutation) this.#undecided.push({ startMs, endMs, fate: outcome });
      if (recovery === undefined || startMs < recovery.endedMs) continue;
      const tookMs = endMs - recovery.endedMs;
      if (kind === KIND.mutation && outcome === FATE.acknowledged) recovery.ackMs ??= tookMs;
      if (kind === KIND.read && (outcome & 3) === SOURCE.l1) recovery.l1Ms ??= tookMs;
      if (kind === KIND.read && (outcome & 3) === SOURCE.l2) recovery.l2Ms ??= tookMs;
    }
  }

  /** Counts mutations by whether a fault was about; to be called when all workers have told what happened up to then. */
  settle(): void {
    for (const { startMs, endMs, fate } of this.#undecided) {
      const overlaps = (span: FaultWindow): boolean => span.startMs <= endMs && span.endMs >= startMs;
      const troubled = [this.#windows, this.#starvations, this.#aftermaths].some((spans) =>
        spans.some(overlaps),
      );
      const counts = troubled ? this.troubled : this.calm;
      if (fate === FATE.acknowledged) counts.acknowledged += 1;
      else if (fate === FATE.refused) counts.refused += 1;
      else counts.unknown += 1;
    }
    this.#undecided = [];
  }
}
