import { setImmediate as afterThisTurn } from 'node:timers';

/** Something that is under way and goes on when the schedule says so. */
export interface Step {
  readonly label: string;
  readonly go: () => void;
  readonly fail: ((error: Error) => void) | null;
}

/** What is pending in a simulated world: whoever waits here goes on in the order that the schedule picks. */
export class Steps {
  readonly pending: Step[] = [];

  /** Waits for its turn. */
  wait(label: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.pending.push({ label, go: resolve, fail: reject });
    });
  }

  /** Runs at its turn; cannot fail. */
  later(label: string, run: () => void): void {
    this.pending.push({ label, go: run, fail: null });
  }

  take(index: number): Step {
    return this.pending.splice(index, 1)[0]!;
  }
}

/** Resolves when all that hangs on promises alone has run. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    afterThisTurn(resolve);
  });
}
