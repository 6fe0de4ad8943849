import type { Generation } from './generations.ts';
import type { Cloner, Isolated } from './isolation.ts';

/**
 * An entry that needs more than its value: grace, tags, a namespace, a lease of its own. Entries without any of these
 * are kept bare, as the value alone, which is what makes the common hit cheap.
 *
 * Instants are of the clock's `now()`.
 */
export class MemoryEntry {
  readonly value: unknown;
  /** When the read or load that brought it began. */
  readonly startedMs: number;
  freshUntilMs: number;
  keptUntilMs: number;
  readonly ttlMs: number;
  readonly graceMs: number;
  readonly loadMs: number;
  /** From when a hit refreshes it in the background; `Infinity` = never. */
  readonly refreshAtMs: number;
  /** The generation at which the read or load began. */
  readonly asOf: number;
  readonly tags: readonly string[];
  readonly generations: readonly Generation[];
  readonly version: number | undefined;
  readonly schema: object | null;
  /** Every caller gets a clone of its own; null: the value itself. */
  readonly cloner: Cloner | null;

  constructor(kept: Isolated, life: EntryLife, generations: readonly Generation[], nowMs: number) {
    this.value = kept.value;
    this.cloner = kept.cloner;
    this.startedMs = life.startedMs;
    this.ttlMs = life.ttlMs;
    this.graceMs = life.graceMs;
    this.loadMs = life.loadMs;
    this.freshUntilMs = nowMs + life.freshMs;
    this.keptUntilMs = nowMs + life.keptMs;
    this.refreshAtMs = life.refreshLeadMs === undefined ? Infinity : this.freshUntilMs - life.refreshLeadMs;
    this.asOf = life.asOf;
    this.tags = life.tags;
    this.generations = generations;
    this.version = life.version;
    this.schema = life.schema ?? null;
  }

  /** The value as a caller gets it. */
  handOut(): unknown {
    return this.cloner === null ? this.value : this.cloner(this.value);
  }

  /** What is left of its life: put in again with this, it ends when it would have ended. */
  lifeAt(nowMs: number): EntryLife {
    const { ttlMs, graceMs, loadMs, startedMs, asOf, tags, version, schema } = this;
    return {
      freshMs: this.freshUntilMs - nowMs,
      keptMs: this.keptUntilMs - nowMs,
      ttlMs,
      graceMs,
      loadMs,
      startedMs,
      asOf,
      tags,
      version,
      schema,
      refreshLeadMs: this.refreshAtMs === Infinity ? undefined : this.freshUntilMs - this.refreshAtMs,
    };
  }

  /** Whether none of its tags has moved since the work that brought it began. */
  isCurrent(): boolean {
    const generations = this.generations;
    for (let index = 0; index < generations.length; index++) {
      if (generations[index]!.movedAt > this.asOf) return false;
    }
    return true;
  }
}

/** What is known of an entry when it is put into memory. Milliseconds throughout. */
export interface EntryLife {
  /** From now. */
  readonly freshMs: number;
  readonly keptMs: number;
  /** As it was given; `touch` restarts it. */
  readonly ttlMs: number;
  readonly graceMs: number;
  readonly loadMs: number;
  readonly startedMs: number;
  readonly asOf: number;
  /** Stamp names. */
  readonly tags: readonly string[];
  readonly version?: number | undefined;
  /** From when on a hit refreshes it: so long before it is stale. Absent: never. */
  readonly refreshLeadMs?: number | undefined;
  /** The schema that the value has passed. */
  readonly schema?: object | null;
}
