import { monotonicMs } from '../monotonic.ts';

const TICK_MS = 2;
/**
 * A process that was stopped does not catch up with all that it has missed; but it reads much at once, before it has heard
 * of anything: what memory answers then rests on its lease alone.
 */
const MOST_A_TICK = 150;

/** Calls back so many times a second, evenly. */
export class Pace {
  readonly #perMs: number;
  readonly #step: () => void;
  #timer: NodeJS.Timeout | undefined;
  #owed = 0;
  #lastMs = 0;

  constructor(perSecond: number, step: () => void) {
    this.#perMs = perSecond / 1000;
    this.#step = step;
  }

  start(): void {
    this.#lastMs = monotonicMs();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const nowMs = monotonicMs();
    this.#owed = Math.min(this.#owed + (nowMs - this.#lastMs) * this.#perMs, MOST_A_TICK);
    this.#lastMs = nowMs;
    for (; this.#owed >= 1; this.#owed--) this.#step();
  }
}
