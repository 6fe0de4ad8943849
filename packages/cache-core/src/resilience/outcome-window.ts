const SLOTS = 10;

/** How many of the latest calls failed: counts in ten slots of time, so that neither memory nor work grows with traffic. */
export class OutcomeWindow {
  readonly #slotMs: number;
  readonly #calls = new Float64Array(SLOTS);
  readonly #failures = new Float64Array(SLOTS);
  /** Which slot of time each place counts. */
  readonly #slots = new Float64Array(SLOTS).fill(-1);

  constructor(windowMs: number) {
    this.#slotMs = Math.max(1, windowMs / SLOTS);
  }

  add(nowMs: number, failed: boolean): void {
    const slot = this.#slotOf(nowMs);
    const place = slot % SLOTS;
    if (this.#slots[place] !== slot) {
      this.#slots[place] = slot;
      this.#calls[place] = 0;
      this.#failures[place] = 0;
    }
    this.#calls[place] = read(this.#calls, place) + 1;
    if (failed) this.#failures[place] = read(this.#failures, place) + 1;
  }

  total(nowMs: number): { calls: number; failures: number } {
    const oldest = this.#slotOf(nowMs) - SLOTS + 1;
    let calls = 0;
    let failures = 0;
    for (let place = 0; place < SLOTS; place++) {
      if (read(this.#slots, place) < oldest) continue;
      calls += read(this.#calls, place);
      failures += read(this.#failures, place);
    }
    return { calls, failures };
  }

  clear(): void {
    this.#slots.fill(-1);
  }

  #slotOf(nowMs: number): number {
    return this.#slotMs === Infinity ? 0 : Math.floor(nowMs / this.#slotMs);
  }
}

function read(numbers: Float64Array, place: number): number {
  return numbers[place] as number;
}
