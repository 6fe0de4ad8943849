import type { Model } from './schedule-model.ts';

interface Increment {
  readonly place: string;
  readonly startedAt: number;
  endedAt: number;
  sum: number;
}

interface Reset {
  /** The path of what was cleared. */
  readonly path: readonly string[];
  readonly startedAt: number;
  /** `Infinity`: it has not been acknowledged. */
  endedAt: number;
}

/** Judges counters: none falls behind what was acknowledged unless a clear came between, none survives a clear. */
export class ScheduleCounters {
  readonly #model: Model;
  readonly #increments: Increment[] = [];
  readonly #resets: Reset[] = [];

  constructor(model: Model) {
    this.#model = model;
  }

  /** An increment of the counter at this path begins; answers what is to be called with its sum. */
  begin(path: readonly string[]): (sum: number) => void {
    const increment: Increment = {
      place: path.join('/'),
      startedAt: this.#model.next(),
      endedAt: Infinity,
      sum: 0,
    };
    this.#increments.push(increment);
    return (sum) => {
      this.#judge(increment, path, sum);
      increment.sum = sum;
      increment.endedAt = this.#model.next();
    };
  }

  /** A clear begins; answers what is to be called at its acknowledgement. */
  reset(path: readonly string[]): (endedAt: number) => void {
    const reset: Reset = { path, startedAt: this.#model.next(), endedAt: Infinity };
    this.#resets.push(reset);
    return (endedAt) => {
      reset.endedAt = endedAt;
    };
  }

  #judge(increment: Increment, path: readonly string[], sum: number): void {
    const { place, startedAt } = increment;
    const resets = this.#resets.filter((reset) => reset.path.every((name, index) => path[index] === name));
    const others = this.#increments.filter((other) => other.place === place && other !== increment);
    const standing = others.filter(
      (other) => other.endedAt < startedAt && !resets.some((reset) => reset.endedAt > other.startedAt),
    );
    const least = Math.max(0, ...standing.map((other) => other.sum));
    if (sum <= least) this.#breach(`counter ${place} answered ${sum} after ${least} was acknowledged`);
    const over = resets.filter(({ endedAt }) => endedAt < startedAt);
    const clearedAt = Math.max(0, ...over.map((reset) => reset.startedAt));
    const most = others.filter(({ endedAt }) => endedAt > clearedAt).length + 1;
    if (sum > most)
      this.#breach(`counter ${place} answered ${sum}, after at most ${most} increments since its clear`);
  }

  #breach(what: string): void {
    this.#model.breaches.push(what);
  }
}
