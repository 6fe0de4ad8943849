/** One row of the source, as the model knows it, and where it is cached. */
export interface Row {
  readonly name: string;
  readonly path: readonly string[];
  readonly key: string;
  /** Given at every call. */
  readonly tags: readonly string[];
  /** Named by the loader alone. */
  readonly lateTags: readonly string[];
  readonly ttl: string | undefined;
  readonly grace: string | undefined;
}

/** What is cached. `set` is the id of the mutation that wrote it; null where it was loaded. */
export interface Value {
  readonly row: string;
  readonly version: number;
  readonly set: number | null;
}

export type MutationKind = 'delete' | 'expire' | 'set';

export interface Mutation {
  readonly id: number;
  readonly process: number;
  readonly kind: MutationKind;
  readonly versions: ReadonlyMap<string, number>;
  readonly startedAt: number;
  endedAt: number;
  endedMs: number;
  acked: boolean;
  /** When every message that was on its way at the ack had arrived, for each other process. */
  readonly heardAt: Map<number, number>;
}

/** From when on another process must know of an acknowledged mutation: the first of these. */
export type RemoteRule = 'at the ack' | { readonly whenDelivered?: boolean; readonly withinMs?: number };

export interface Read {
  readonly process: number;
  readonly startedAt: number;
  readonly startedMs: number;
  /** Whether a stale value is a right answer. */
  readonly staleAllowed: boolean;
}

/** In every so many versions of a row there is nothing. */
const ABSENT_EVERY = 3;
/** Who reads the shared store itself: whatever is acknowledged has happened there. */
export const THE_STORE = -1;

/**
 * The source and the history of what was done to it, judged by real-time order: a writer gives a row its next version
 * *before* it invalidates, so that no read which starts after the acknowledgement may answer an older one.
 */
export class Model {
  readonly rows: readonly Row[];
  readonly mutations: Mutation[] = [];
  readonly breaches: string[] = [];
  readonly #versions = new Map<string, number>();
  readonly #retimed: { readonly row: string; endedAt: number }[] = [];
  readonly #remote: RemoteRule;
  #tick = 0;

  constructor(rows: readonly Row[], remote: RemoteRule) {
    this.rows = rows;
    this.#remote = remote;
    for (const { name } of rows) this.#versions.set(name, 0);
  }

  /** The next moment of the one order that everything is judged by. */
  next(): number {
    this.#tick += 1;
    return this.#tick;
  }

  /** What the source has now; undefined: nothing. */
  source(row: string): Value | undefined {
    const version = this.#versions.get(row)!;
    return isAbsent(version) ? undefined : { row, version, set: null };
  }

  /** A writer changes the source and is about to tell the cache. */
  begin(process: number, kind: MutationKind, rows: readonly Row[]): Mutation {
    const versions = new Map<string, number>();
    for (const { name } of rows) {
      let version = this.#versions.get(name)! + 1;
      if (kind === 'set' && isAbsent(version)) version += 1;
      this.#versions.set(name, version);
      versions.set(name, version);
    }
    const mutation: Mutation = {
      id: this.mutations.length,
      process,
      kind,
      versions,
      startedAt: this.next(),
      endedAt: Infinity,
      endedMs: Infinity,
      acked: false,
      heardAt: new Map(),
    };
    this.mutations.push(mutation);
    return mutation;
  }

  end(mutation: Mutation, acked: boolean, nowMs: number): void {
    mutation.endedAt = this.next();
    mutation.endedMs = nowMs;
    mutation.acked = acked;
  }

  /** A time to live is changed: what was expired before or meanwhile may be fresh again. */
  retime(row: Row): () => void {
    const retimed = { row: row.name, endedAt: Infinity };
    this.#retimed.push(retimed);
    return () => {
      retimed.endedAt = this.next();
    };
  }

  judge(read: Read, row: Row, answer: unknown, loaded: boolean): void {
    if (answer === null || answer === undefined) {
      if (loaded && !this.#mayBeAbsent(read, row)) this.#breach(read, row, 'nothing', null);
      return;
    }
    const value = answer as Value;
    if (value.row !== row.name) this.breaches.push(`${row.name} was answered with the value of ${value.row}`);
    const older = this.#floors(read, row).find((mutation) => this.#isOlder(value, row, mutation));
    if (older !== undefined) this.#breach(read, row, `version ${value.version}, set ${value.set}`, older);
  }

  #isOlder(value: Value, row: Row, mutation: Mutation): boolean {
    if (value.version >= mutation.versions.get(row.name)!) return false;
    // Two writers at once: without a version the last to arrive wins, which the documents say.
    return value.set === null || this.mutations[value.set]!.endedAt <= mutation.startedAt;
  }

  /** The mutations that this read must have seen. */
  #floors(read: Read, row: Row): readonly Mutation[] {
    return this.mutations.filter((mutation) => {
      if (!mutation.acked || !mutation.versions.has(row.name) || !this.#mustBeKnown(read, mutation))
        return false;
      if (mutation.kind !== 'expire') return true;
      return (
        !read.staleAllowed &&
        !this.#retimed.some(({ row: name, endedAt }) => name === row.name && endedAt >= mutation.startedAt)
      );
    });
  }

  #mustBeKnown(read: Read, mutation: Mutation): boolean {
    if (mutation.endedAt > read.startedAt) return false;
    const isNear = mutation.process === read.process || read.process === THE_STORE;
    if (isNear || this.#remote === 'at the ack') return true;
    const { whenDelivered = false, withinMs = Infinity } = this.#remote;
    if (whenDelivered && (mutation.heardAt.get(read.process) ?? Infinity) <= read.startedAt) return true;
    return read.startedMs >= mutation.endedMs + withinMs;
  }

  #mayBeAbsent(read: Read, row: Row): boolean {
    const floor = Math.max(0, ...this.#floors(read, row).map((mutation) => mutation.versions.get(row.name)!));
    for (let version = floor; version <= this.#versions.get(row.name)!; version++)
      if (isAbsent(version)) return true;
    return false;
  }

  #breach(read: Read, row: Row, what: string, mutation: Mutation | null): void {
    const after =
      mutation === null
        ? ''
        : ` after ${mutation.kind} ${mutation.id} by ${mutation.process} was acknowledged`;
    this.breaches.push(
      `process ${read.process} read ${row.name}: ${what}${after}, read begun at ${read.startedAt}`,
    );
  }
}

function isAbsent(version: number): boolean {
  return version % ABSENT_EVERY === ABSENT_EVERY - 1;
}
