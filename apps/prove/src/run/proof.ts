import { Availability, RECOVERED_WITHIN_MS, RECOVERY_SLACK_MS } from '../check/availability.ts';
import type { Breach } from '../check/breach.ts';
import { Consistency } from '../check/consistency.ts';
import { EventsAround, sourceText, versionsText } from '../check/events-around.ts';
import { Histogram } from '../check/histogram.ts';
import { SetHistory } from '../check/set-history.ts';
import type { Rule, Violation } from '../check/violation.ts';
import { type Fault, LOSES_ENTRIES } from '../faults/fault.ts';
import { componentName } from '../keys/component.ts';
import { ALL_KEYS } from '../keys/key-space.ts';
import { monotonicMs } from '../monotonic.ts';
import type { FromWorker, WorkerTotals } from './process-message.ts';

/** A fault as it took place, in milliseconds of the monotonic clock. */
export interface InflictedFault {
  readonly text: string;
  readonly startMs: number;
  endMs: number | null;
}

/** Everything that is known of a run: what the workers have told, what was done to them, what they have broken. */
export class Proof {
  readonly originMs = monotonicMs();
  readonly staleness = new Histogram();
  readonly availability = new Availability();
  readonly consistency: Consistency;
  readonly faults: InflictedFault[] = [];
  readonly violations: Violation[] = [];
  readonly totals = new Map<number, WorkerTotals>();
  /** How long after a fault each process had its first hit in memory, and its first acknowledged mutation. */
  readonly recoveredHits = new Histogram();
  readonly recoveredAcks = new Histogram();
  operations = 0;
  readonly #sets = new SetHistory();
  readonly #events = new EventsAround();
  readonly #onViolation: (violation: Violation) => void;

  constructor(maxStalenessMs: number, onViolation: (violation: Violation) => void) {
    this.#onViolation = onViolation;
    this.consistency = new Consistency({
      maxStalenessMs,
      staleness: this.staleness,
      sets: this.#sets,
      onBreach: (breach) => this.#breached(breach),
    });
  }

  /** What a worker says. */
  take(worker: number, message: FromWorker): void {
    if (message.say === 'trouble')
      this.violate(message.rule, message.text, message.atMs, [`process ${worker}`]);
    if (message.say === 'starved') this.availability.starved(message.startMs, message.endMs);
    if (message.say !== 'rows') return;
    const { rows, untilMs, operations, totals } = message;
    this.operations += operations;
    this.totals.set(worker, totals);
    this.#events.take(worker, rows, untilMs);
    this.availability.take(worker, rows);
    this.consistency.take(worker, rows, untilMs);
  }

  faultBegins({ kind, text }: Pick<Fault, 'kind' | 'text'>): void {
    const startMs = monotonicMs();
    this.faults.push({ text, startMs, endMs: null });
    this.availability.faultBegins(startMs);
    if (LOSES_ENTRIES.has(kind)) this.#sets.lossBegins(startMs);
  }

  /** @param workers who must recover */
  faultEnds(workers: readonly number[]): void {
    const fault = this.faults.at(-1);
    if (fault === undefined) return;
    fault.endMs = monotonicMs();
    this.#sets.lossEnds(fault.endMs);
    this.availability.faultEnds(fault.text, fault.endMs, workers);
  }

  /** All workers must have recovered by now: says who has not. */
  settle(): void {
    this.availability.settle();
    for (const { fault, worker, endedMs, l1Ms, ackMs } of this.availability.recoveries.splice(0)) {
      for (const [what, tookMs] of [
        ['hit in memory', l1Ms],
        ['acknowledged mutation', ackMs],
      ] as const) {
        const limitMs = RECOVERED_WITHIN_MS + RECOVERY_SLACK_MS;
        const starvedMs = this.availability.starvedMs(endedMs, endedMs + limitMs);
        if (tookMs !== null && tookMs <= limitMs + 2 * starvedMs) {
          if (what === 'hit in memory') this.recoveredHits.add(tookMs);
          else this.recoveredAcks.add(tookMs);
          continue;
        }
        // Not at all, because the run was ended before, or while the machine had little time for anybody: nothing is known.
        const tooEarly = monotonicMs() < endedMs + limitMs;
        if (tookMs === null && (tooEarly || starvedMs > limitMs / 4)) continue;
        const took = tookMs === null ? 'not at all' : `after ${Math.round(tookMs)} ms`;
        this.violate(
          'recovery',
          `process ${worker} had its first ${what} ${took} after this: ${fault}`,
          endedMs,
        );
      }
    }
  }

  violate(rule: Rule, text: string, atMs: number = monotonicMs(), evidence: readonly string[] = []): void {
    const violation = {
      rule,
      text,
      atMs: atMs - this.originMs,
      evidence: [...evidence, ...this.#faultsAround(atMs)],
    };
    this.violations.push(violation);
    this.#onViolation(violation);
  }

  #breached(breach: Breach): void {
    const { rule, worker, read, component, version, missed } = breach;
    const key = ALL_KEYS[read.subject];
    const since =
      rule === 'stale'
        ? `${(read.startMs - missed.ackMs).toFixed(1)} ms after`
        : 'by its own process, before the read:';
    const text =
      `${read.method} of ${key?.name} (${key?.kind}) in process ${worker}${sourceText(read)} saw ${componentName(component)} at version ${version}; ` +
      `${missed.method} to version ${missed.version} had been acknowledged in process ${missed.by}, ${since} ` +
      `(read began ${(read.startMs - this.originMs).toFixed(1)} ms, acknowledged ${(missed.ackMs - this.originMs).toFixed(1)} ms)`;
    this.violate(rule, text, read.startMs, [
      `the value: ${versionsText(read)}`,
      ...this.#events.of(breach, this.originMs),
    ]);
  }

  #faultsAround(atMs: number): string[] {
    return this.faults
      .filter(({ startMs, endMs }) => startMs < atMs + 100 && (endMs ?? Infinity) > atMs - 5000)
      .map(({ text, startMs, endMs }) => {
        const end = endMs === null ? 'still' : `${(endMs - this.originMs).toFixed(0)} ms`;
        return `fault from ${(startMs - this.originMs).toFixed(0)} to ${end}: ${text}`;
      });
  }
}
