/** How long something took: counted by whole milliseconds. */
export class Histogram {
  readonly #counts: number[] = [];
  count = 0;
  maxMs = 0;

  add(ms: number): void {
    const cell = Math.floor(ms);
    this.#counts[cell] = (this.#counts[cell] ?? 0) + 1;
    this.count += 1;
    this.maxMs = Math.max(this.maxMs, ms);
  }

  /** 0 before the first. @param share from 0 to 1 */
  quantileMs(share: number): number {
    let left = this.count * share;
    for (const [ms, count] of this.#counts.entries()) {
      left -= count ?? 0;
      if (left <= 0) return Math.min(ms + 1, this.maxMs);
    }
    return this.maxMs;
  }
}
