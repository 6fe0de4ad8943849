/** One run of a loader. */
interface Run {
  readonly process: number;
  readonly row: string;
  /** When the call that runs it began. */
  readonly calledAt: number;
  readonly batch: boolean;
}

/** Watches that loads coalesce (P12): one load of a key at a time, unless what came between allows a second. */
export class Loads {
  readonly breaches: string[] = [];
  count = 0;
  readonly #running = new Set<Run>();
  /** What poisons loads of a row in a process, from its beginning to its end. */
  readonly #poisons: { readonly process: number; readonly row: string; endedAt: number }[] = [];
  /** No store call has failed, and no lease can have run out: leases exclude one another. */
  #orderly = true;
  readonly #shared: boolean;

  constructor(shared: boolean) {
    this.#shared = shared;
  }

  begin(process: number, row: string, calledAt: number, batch: boolean): () => void {
    this.count += 1;
    const run: Run = { process, row, calledAt, batch };
    for (const other of this.#running) {
      if (other.row === row && !this.#mayOverlap(run, other)) {
        this.breaches.push(`two loads of ${row} at once, in the processes ${other.process} and ${process}`);
      }
    }
    this.#running.add(run);
    return () => this.#running.delete(run);
  }

  /** Something begins that poisons loads of these rows; answers what is to be called at its end. */
  poisoned(processes: readonly number[], rows: Iterable<string>): (at: number) => void {
    const begun = [...rows].flatMap((row) =>
      processes.map((process) => ({ process, row, endedAt: Infinity })),
    );
    this.#poisons.push(...begun);
    return (at) => {
      for (const poison of begun) poison.endedAt = at;
    };
  }

  /** A call to the store has failed or may have come too late: from now on a process may have to load by itself. */
  disorder(): void {
    this.#orderly = false;
  }

  #mayOverlap(one: Run, other: Run): boolean {
    const since = Math.min(one.calledAt, other.calledAt);
    const processes = [one.process, other.process];
    const isPoisoned = this.#poisons.some(
      ({ process, row, endedAt }) => row === one.row && processes.includes(process) && endedAt >= since,
    );
    if (isPoisoned) return true;
    if (one.process === other.process) return false;
    return !this.#shared || one.batch || other.batch || !this.#orderly;
  }
}
