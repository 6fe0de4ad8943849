/** One row of the source, and where it is cached. */
export interface Row {
  readonly name: string;
  readonly path: readonly string[];
  readonly key: string;
  /** Given at every call. */
  readonly tags: readonly string[];
  /** Named by the loader alone. */
  readonly lateTags: readonly string[];
  readonly ttl?: string;
  readonly grace?: string;
}

/** What is cached. `set` is the number of the mutation that wrote it; null where it was loaded. */
export interface Value {
  readonly run: number;
  readonly row: string;
  readonly version: number;
  readonly set: number | null;
}

export interface Mutation {
  readonly id: number;
  readonly process: number;
  readonly kind: 'delete' | 'expire' | 'set';
  readonly versions: ReadonlyMap<string, number>;
  readonly startedAt: number;
  endedAt: number;
  endedMs: number;
  isAcknowledged: boolean;
}

export interface Read {
  readonly process: number;
  readonly startedAt: number;
  readonly startedMs: number;
  readonly mayBeStale: boolean;
}

/** Who looks into the store itself: whatever is acknowledged has happened there. */
export const THE_STORE = -1;

/**
 * The source and the history of what was done to it, judged by real-time order: a writer gives a row its next version
 * *before* it invalidates, so that no read which starts after the acknowledgement may answer an older one; in another
 * process, none that starts `maxStalenessMs` after it.
 */
export class ScheduleModel {
  readonly run: number;
  readonly breaches: string[] = [];
  readonly #mutations: Mutation[] = [];
  readonly #versions = new Map<string, number>();
  readonly #maxStalenessMs: number;
  #tick = 0;

  constructor(run: number, maxStalenessMs: number) {
    this.run = run;
    this.#maxStalenessMs = maxStalenessMs;
  }

  /** What the source has now. */
  source(row: string): Value {
    return { run: this.run, row, version: this.#versions.get(row) ?? 0, set: null };
  }

  beginRead(process: number, startedMs: number, mayBeStale: boolean): Read {
    return { process, startedAt: this.#next(), startedMs, mayBeStale };
  }

  /** A writer changes the source and is about to tell the cache. */
  begin(process: number, kind: Mutation['kind'], rows: readonly Row[]): Mutation {
    const versions = new Map<string, number>();
    for (const { name } of rows) {
      const version = (this.#versions.get(name) ?? 0) + 1;
      this.#versions.set(name, version);
      versions.set(name, version);
    }
    const times = { startedAt: this.#next(), endedAt: Infinity, endedMs: Infinity };
    const mutation = { id: this.#mutations.length, process, kind, versions, ...times, isAcknowledged: false };
    this.#mutations.push(mutation);
    return mutation;
  }

  end(mutation: Mutation, isAcknowledged: boolean, nowMs: number): void {
    mutation.endedAt = this.#next();
    mutation.endedMs = nowMs;
    mutation.isAcknowledged = isAcknowledged;
  }

  /** What is wrong with the answer to this read; null: nothing. */
  fault(read: Read, row: Row, answer: unknown): string | null {
    if (answer === null || answer === undefined) return null;
    const value = answer as Value;
    if (value.row !== row.name) return `process ${read.process} read ${row.name} and got ${value.row}`;
    if (value.run !== this.run)
      return `process ${read.process} read ${row.name} of before a clear of everything`;
    const older = this.#mutations.find(
      (mutation) => this.#mustBeKnown(read, row, mutation) && this.#isOlder(value, row, mutation),
    );
    if (older === undefined) return null;
    return (
      `process ${read.process} read version ${value.version} of ${row.name} after ${older.kind} ${older.id} ` +
      `(version ${older.versions.get(row.name)}) by process ${older.process} was acknowledged`
    );
  }

  judge(read: Read, row: Row, answer: unknown): void {
    const fault = this.fault(read, row, answer);
    if (fault !== null) this.breaches.push(fault);
  }

  #mustBeKnown(read: Read, row: Row, mutation: Mutation): boolean {
    if (!mutation.isAcknowledged || !mutation.versions.has(row.name)) return false;
    if (mutation.endedAt > read.startedAt) return false;
    if (mutation.kind === 'expire' && read.mayBeStale) return false;
    if (mutation.process === read.process || read.process === THE_STORE) return true;
    return read.startedMs >= mutation.endedMs + this.#maxStalenessMs;
  }

  #isOlder(value: Value, row: Row, mutation: Mutation): boolean {
    if (value.version >= mutation.versions.get(row.name)!) return false;
    // Two writers at once: without a version the last to arrive stays, which the documents say.
    return value.set === null || this.#mutations[value.set]!.endedAt <= mutation.startedAt;
  }

  #next(): number {
    this.#tick += 1;
    return this.#tick;
  }
}
