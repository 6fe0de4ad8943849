import type { Versions } from '../keys/versions.ts';
import { monotonicMs } from '../monotonic.ts';
import { FATE, KIND, METHODS, type Method, ROW_LENGTH } from './row.ts';

const ROWS_A_BATCH = 512;

/** The beginning of a read or of a mutation: the moment, and its place in the order of its process. */
export interface Beginning {
  readonly startMs: number;
  readonly order: number;
}

/** One mutation of one component, as it was asked for. */
export interface Change {
  readonly component: number;
  readonly version: number;
}

/** Writes down what a worker has seen, and hands it on in batches. */
export class Recorder {
  readonly #send: (rows: Float64Array, untilMs: number) => void;
  #rows: number[] = [];
  #order = 0;

  /** @param send gets rows, and the moment up to which nothing is missing */
  constructor(send: (rows: Float64Array, untilMs: number) => void) {
    this.#send = send;
  }

  /** To be called in the same tick as, and before, the call that it is the beginning of. */
  begin(): Beginning {
    this.#order += 1;
    return { startMs: monotonicMs(), order: this.#order };
  }

  read(versions: Versions, source: number, method: Method, { startMs, order }: Beginning): void {
    const { key, own, group, space, all } = versions;
    this.#add([
      KIND.read,
      key,
      own,
      group,
      space,
      all,
      startMs,
      monotonicMs(),
      order,
      this.#order,
      source,
      METHODS.indexOf(method),
    ]);
  }

  /** To be called in the tick in which its promise has settled. All changes of one call are acknowledged together. */
  mutation(changes: readonly Change[], fate: number, method: Method, { startMs, order }: Beginning): void {
    if (fate === FATE.acknowledged) this.#order += 1;
    const endMs = monotonicMs();
    for (const { component, version } of changes) {
      this.#add([
        KIND.mutation,
        component,
        version,
        -1,
        -1,
        -1,
        startMs,
        endMs,
        order,
        this.#order,
        fate,
        METHODS.indexOf(method),
      ]);
    }
  }

  flush(): void {
    const rows = Float64Array.from(this.#rows);
    this.#rows = [];
    this.#send(rows, monotonicMs());
  }

  #add(row: readonly number[]): void {
    this.#rows.push(...row);
    if (this.#rows.length >= ROWS_A_BATCH * ROW_LENGTH) this.flush();
  }
}
