import { EVERYTHING } from '../keys/component.ts';
import { FATE, type RowView } from '../record/row.ts';
import type { Breach } from './breach.ts';

interface SpanMs {
  readonly startMs: number;
  endMs: number;
}

const KEPT_MS = 30_000;
/** A set whose fate is unknown may be carried out until this much later: the store refuses it then. */
const LATE_MS = 1000;

/**
 * Knows the one case in which a lower version may follow a higher one: two sets of a key at the same time, and between them
 * something that took away what the first had stored. A store keeps no version of what it no longer has.
 */
export class SetHistory {
  readonly #sets = new Map<string, SpanMs>();
  #removals: SpanMs[] = [];
  #loss: SpanMs | null = null;

  /** A mutation of a worker. */
  take({ method, subject, versions, startMs, endMs, outcome }: RowView): void {
    if (method === 'set') {
      const lateMs = outcome === FATE.unknown ? LATE_MS : 0;
      this.#sets.set(`${subject}:${versions[0]}`, { startMs, endMs: endMs + lateMs });
      if (this.#sets.size % 1024 === 0) this.#forget(endMs);
    } else if (subject === EVERYTHING) this.#removals.push({ startMs, endMs });
  }

  /** Of a fault that takes entries away: until it ends it may do so at any time. */
  lossBegins(startMs: number): void {
    this.#loss = { startMs, endMs: Infinity };
    this.#removals.push(this.#loss);
  }

  lossEnds(endMs: number): void {
    if (this.#loss !== null) this.#loss.endMs = endMs;
    this.#loss = null;
  }

  /** To be asked when everything that went on during the read has been told. */
  excuses({ component, version, missed }: Pick<Breach, 'component' | 'version' | 'missed'>): boolean {
    const set = this.#sets.get(`${component}:${version}`);
    if (set === undefined || missed.method !== 'set') return false;
    if (set.endMs < missed.startMs) return false;
    return this.#removals.some(({ startMs, endMs }) => endMs >= missed.startMs && startMs <= set.endMs);
  }

  #forget(nowMs: number): void {
    for (const [name, { endMs }] of this.#sets) {
      if (endMs >= nowMs - KEPT_MS) break;
      this.#sets.delete(name);
    }
    this.#removals = this.#removals.filter(({ endMs }) => endMs >= nowMs - KEPT_MS);
  }
}
