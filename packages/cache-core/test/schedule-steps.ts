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

  /** Lets the oldest of what waits under each of these labels go on, one after the other, with all that follows from it. */
  async go(...labels: readonly string[]): Promise<void> {
    for (const label of labels) {
      await this.see(label);
      this.take(this.pending.findIndex((step) => step.label.includes(label))).go();
      await settled();
    }
  }

  /** Makes the oldest of what waits under the label fail. */
  async fail(label: string): Promise<void> {
    await this.see(label);
    const index = this.pending.findIndex((step) => step.label.includes(label));
    this.take(index).fail!(new Error('connection lost'));
    await settled();
  }

  /** Throws unless something waits under the label. */
  async see(label: string): Promise<void> {
    await settled();
    if (this.pending.some((step) => step.label.includes(label))) return;
    throw new Error(`Nothing waits for '${label}', but: ${this.pending.map((step) => step.label)}`);
  }

  /** Lets everything go on until nothing waits any more. */
  async goAll(first: 'oldest' | 'newest' = 'oldest'): Promise<void> {
    await settled();
    while (this.pending.length > 0) {
      this.take(first === 'oldest' ? 0 : this.pending.length - 1).go();
      await settled();
    }
  }
}

/** Resolves when all that hangs on promises alone has run. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    afterThisTurn(resolve);
  });
}
