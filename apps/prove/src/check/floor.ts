/** An acknowledged change of one component: from this moment on, or this place in an order, its version is the least. */
export interface FloorStep {
  /** A moment in milliseconds, or a place in the order of one process. */
  readonly at: number;
  readonly version: number;
  /** When the mutation was begun. */
  readonly startMs: number;
  readonly ackMs: number;
  /** The worker that made it. */
  readonly by: number;
  readonly method: string;
}

const MOST_STEPS = 512;
const KEPT_STEPS = 256;

/** The least version of one component that may be read, as it rises. Steps are added in the order of `at`. */
export class Floor {
  #steps: FloorStep[] = [];

  add(step: FloorStep): void {
    const last = this.#steps.at(-1);
    if (last !== undefined && last.version >= step.version) return;
    this.#steps.push(step);
    // What is forgotten is minutes old; who reads something as old is caught by what is kept.
    if (this.#steps.length > MOST_STEPS) this.#steps = this.#steps.slice(-KEPT_STEPS);
  }

  /** The first change that a reader of this version has not seen. */
  firstAbove(version: number): FloorStep | undefined {
    let low = 0;
    let high = this.#steps.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#steps[middle] as FloorStep).version > version) high = middle;
      else low = middle + 1;
    }
    return this.#steps[low];
  }
}

/** The floors of all components. */
export class Floors {
  readonly #floors = new Map<number, Floor>();

  add(component: number, step: FloorStep): void {
    let floor = this.#floors.get(component);
    if (floor === undefined) {
      floor = new Floor();
      this.#floors.set(component, floor);
    }
    floor.add(step);
  }

  firstAbove(component: number, version: number): FloorStep | undefined {
    return this.#floors.get(component)?.firstAbove(version);
  }
}
